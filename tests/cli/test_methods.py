"""``flowcolor methods``, and painting by a method that has no checkpoint."""

import pytest
import torch
from PIL import Image

from flowcolor import models
from flowcolor.cli.main import main
from flowcolor.io.images import read_image
from flowcolor.models.methods import methods


def test_every_method_is_listed_with_its_traits(capsys):
    assert main(["methods"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}
    assert rows.keys() == methods().keys()
    assert rows.keys() >= {"art_flow", "gatys", "glow", "levin", "lut", "sketch_color", "wavelet"}
    words = {name: " ".join(row.split()) for name, row in rows.items()}
    assert words["full_glow"] == "full_glow drawing optional unused exact, random a checkpoint"
    assert words["glow"] == "glow drawing or gray optional unused exact a checkpoint"
    assert words["sketch_color"] == "sketch_color drawing required optional exact a checkpoint"
    aligned = "drawing required unused for aligned faces a checkpoint"
    assert words["deep_face_editing"] == f"deep_face_editing {aligned}"
    assert words["levin"] == "levin drawing or gray unused required keeps luma nothing"
    assert words["iunet"] == "iunet drawing or gray required unused - a checkpoint"
    assert words["cinn"] == "cinn drawing or gray optional unused exact, random a checkpoint"
    assert words["tint"] == "tint drawing or gray required unused - nothing"


def test_a_missing_network_is_named(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(models.Tint, "pretrained", ("vgg16",))
    assert main(["methods"]) == 0
    assert "vgg16 (missing: flowcolor weights)" in capsys.readouterr().out


@pytest.fixture
def files(tmp_path):
    Image.new("L", (20, 10), 255).save(tmp_path / "drawing.png")
    Image.new("RGB", (7, 9), (255, 51, 0)).save(tmp_path / "photo.png")
    return tmp_path


def paint(files, *words):
    output = files / "out.png"
    words = ["--sketch", files / "drawing.png", "--output", output, "--no-clean", *words]
    return main(["colorize", *map(str, words)]), output


def test_a_method_without_weights_paints(files):
    status, output = paint(files, "--method", "tint", "--reference", files / "photo.png")
    assert status == 0
    expected = torch.tensor([1.0, 0.2, 0.0])[:, None, None].expand(3, 10, 20)
    assert torch.equal(read_image(output), expected)


def test_a_method_without_reference_paints(files):
    status, output = paint(files, "--method", "unchanged")
    assert status == 0
    assert torch.equal(read_image(output), torch.ones(3, 10, 20))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "SketchColorFlow expects --reference, a photograph or a folder of them, got none."),
        (["--method", "tint", "--checkpoint", "a.ckpt"], "--method or --checkpoint, got both."),
        (["--method", "tnit"], "got 'tnit'; did you mean 'tint'."),
        (["--method", "faces", "--set", "a=b"], "--set expects a --method that has options, got "),
        (["--method", "faces", "--vary", "a=b"], "--vary expects a --method that has options, got"),
        (["--method", "unchanged", "--vary", "a=b"], "unchanged expects no options, got 'a'."),
        (["--method", "sketch_color"], "--method sketch_color expects trained weights: give "),
        (["--method", "tint"], "Tint expects --reference, a photograph or a folder of them, got "),
        (["--method", "unchanged", "--reference", "p.png"], "Unchanged cannot use --reference, "),
        (
            ["--method", "unchanged", "--check"],
            "--check expects a method that can be run backwards",
        ),
    ],
)
def test_what_is_against_the_traits_is_one_sentence(words, expected, files, capsys):
    status, output = paint(files, *words)
    message = capsys.readouterr().err
    assert status == 2
    assert expected in message
    assert message.count("\n") == 1
    assert not output.exists()
