"""Programs for other runtimes compute what the model computes, wherever they run."""

import subprocess
import sys

import pytest
import torch
from torch.nn import functional

from flowcolor.cli.main import main
from flowcolor.deploy.export import export_model
from flowcolor.deploy.exportable import ExportableFlow
from flowcolor.errors import InputError
from flowcolor.inference import load
from flowcolor.layers.attention import _at_most
from flowcolor.layers.functional.areas import mean_over_areas
from flowcolor.models import SketchColorFlow, Tint
from flowcolor.models.checkpoint import export_weights
from tests.deploy.conftest import portraits
from tests.models.helpers import trained

pytestmark = pytest.mark.compiled
# Batch, height and width; attention averages what it sees in the last one alone.
SIZES = [(2, 64, 64), (3, 32, 48), (1, 128, 88)]


@pytest.mark.parametrize("aggregation", ["fam", "concat", "adain", "none", "attention"])
def test_what_is_exported_is_the_model_for_every_aggregation(aggregation):
    model = trained(downsamplings=2, ccbs=2, aggregation=aggregation)
    drawing, photo = portraits(2, 48, 32)
    with torch.no_grad():
        found = ExportableFlow(model)(drawing, photo)
        torch.testing.assert_close(found, model(drawing, photo), rtol=0, atol=1e-5)


@torch.no_grad()
def test_what_is_exported_of_the_packaged_model_paints_the_portraits_as_it_does():
    model = load("faces").colorizer
    before = {name: value.clone() for name, value in model.state_dict().items()}
    drawing, photo = portraits(2, 64, 48)
    found = ExportableFlow(model)(drawing, photo)
    torch.testing.assert_close(found, model(drawing, photo), rtol=0, atol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@torch.no_grad()
def test_onnxruntime_paints_the_portraits_as_torch_does(model, onnx):
    runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime runs ONNX")
    session = runtime.InferenceSession(onnx)
    for size in SIZES:
        drawing, photo = portraits(*size)
        inputs = {"drawing": drawing.numpy(), "reference": photo.numpy()}
        found = torch.from_numpy(session.run(["picture"], inputs)[0])
        torch.testing.assert_close(found, model(drawing, photo), rtol=0, atol=1e-4)


@torch.no_grad()
def test_onnxruntime_paints_as_the_thesis_s_own_aggregation_at_any_size(tmp_path):
    pytest.importorskip("onnxscript", reason="nothing writes ONNX")
    runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime runs ONNX")
    model = trained(downsamplings=1, ccbs=1, nccbs=1, aggregation="fam")
    export_model(model, tmp_path / "fam.onnx", "onnx")
    session = runtime.InferenceSession(tmp_path / "fam.onnx")
    for size in SIZES[:2]:
        drawing, photo = portraits(*size)
        inputs = {"drawing": drawing.numpy(), "reference": photo.numpy()}
        found = torch.from_numpy(session.run(["picture"], inputs)[0])
        torch.testing.assert_close(found, model(drawing, photo), rtol=0, atol=1e-4)


WITHOUT_FLOWCOLOR = """
import sys
sys.modules["flowcolor"] = None  # Importing it is an error from now on.
import torch
program = torch.export.load(sys.argv[1]).module()
inputs = torch.load(sys.argv[2])
torch.save([program(*pair) for pair in inputs], sys.argv[3])
"""


@torch.no_grad()
def test_a_torch_program_runs_where_there_is_no_flowcolor(model, tmp_path):
    program, inputs, outputs = (tmp_path / name for name in ("m.pt2", "in.pt", "out.pt"))
    export_model(model, program, "torch")
    pairs = [portraits(*size) for size in SIZES]
    torch.save(pairs, inputs)
    words = [sys.executable, "-c", WITHOUT_FLOWCOLOR, program, inputs, outputs]
    subprocess.run(words, check=True, cwd=tmp_path, env={"PYTHONPATH": ""})
    for pair, found in zip(pairs, torch.load(outputs), strict=True):
        torch.testing.assert_close(found, model(*pair), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "size", [(5, 5), (64, 16), (33, 32), (65, 65), (80, 44), (11, 539), (1, 3000)]
)
def test_the_mean_over_areas_is_adaptive_pooling(size):
    x = torch.rand(2, 3, *size)
    down, across = (mean_over_areas(*sides, 1024, x) for sides in (size, size[::-1]))
    kept = len(down), len(across)
    assert kept[0] * kept[1] <= 1024
    assert kept in (size, (1, 1024)) or (kept[0] + 1) * (kept[1] + 1) > 1024
    found = down @ x @ across.mT
    torch.testing.assert_close(found, functional.adaptive_avg_pool2d(x, kept))
    torch.testing.assert_close(found, _at_most(x, 1024))  # What attention does by itself.


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("onnx", "m.pt2", "expects a name ending in .onnx, got"),
        ("torch", "m.onnx", "expects a name ending in .pt2, got"),
        ("coreml", "m.onnx", "format expects onnx or torch, got 'coreml'"),
    ],
)
def test_a_wrong_format_or_name_is_one_sentence(tmp_path, kind, name, words):
    with pytest.raises(InputError, match=words):
        export_model(SketchColorFlow(1, 0, 1), tmp_path / name, kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["onnx", "torch"])
def test_a_method_without_weights_is_refused(tmp_path, kind):
    path = tmp_path / {"onnx": "m.onnx", "torch": "m.pt2"}[kind]
    with pytest.raises(InputError, match="Only a SketchColorFlow can be exported, got a Tint"):
        export_model(Tint(), path, kind)


def test_the_command_says_in_one_sentence_what_it_cannot_do(tmp_path, capsys, monkeypatch):
    output = tmp_path / "m.onnx"
    words = ["export", "--output", str(output)]
    assert main([*words, "--format", "torch"]) == 2
    assert main([*words, "--checkpoint", str(tmp_path / "no.ckpt")]) == 2
    assert main([*words, "--checkpoint", "tint"]) == 2
    (tmp_path / "text").write_text("")
    assert main(["export", "--output", str(tmp_path / "text/m.onnx")]) == 2
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert main(words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("flowcolor: --output expects a file ending in .pt2 for --format t")
    assert lines[1].endswith("expects a file, got no such file.")
    assert lines[2].endswith("got a Tint.")
    assert lines[3].endswith("text is a file.")  # Before minutes are spent.
    assert lines[4] == "flowcolor: Writing ONNX needs onnxscript: pip install 'flowcolor[export]'."
    assert len(lines) == 5
    assert not output.exists()


def test_the_command_writes_a_program_and_says_what_it_takes(tmp_path, capsys, monkeypatch, model):
    weights = tmp_path / "own.safetensors"
    export_weights(model, weights, 16)
    words = ["export", "--checkpoint", str(weights), "--format", "torch", "--output"]
    monkeypatch.setattr("flowcolor.deploy.export._as_archive", lambda model: b"program")
    assert main([*words, str(tmp_path / "new/m.pt2")]) == 0
    assert (tmp_path / "new/m.pt2").read_bytes() == b"program"
    said = capsys.readouterr().out
    assert "multiples\n  of 2 and at least 4" in said
    assert "left out:" in said
