import re

import pytest
import torch
from PIL import Image

from flowcolor.cli.jobs import find_jobs
from flowcolor.inference import Painter
from flowcolor.io.images import read_image, read_sketch, write_image
from flowcolor.models import SketchColorFlow
from flowcolor.models.checkpoint import export_weights, load_model
from tests.models.helpers import trained_art_flow
from tests.training.helpers import flowcolor


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(3)
    model = SketchColorFlow(downsamplings=2, nccbs=1, ccbs=1)
    model(torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16))
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    export_weights(model, path, size=16)
    return path


def picture(path, height, width, mode="RGB"):
    path.parent.mkdir(exist_ok=True)
    pixels = (torch.rand(height, width, 3) * 255).byte().numpy()
    Image.fromarray(pixels).convert(mode).save(path)
    return path


PLAIN = ("--no-clean", "--lines", "model")


def colorize(sketch, reference, checkpoint, output, *words):
    return flowcolor(
        *("colorize", "--sketch", sketch, "--reference", reference),
        *("--checkpoint", checkpoint, "--output", output, *(words or PLAIN)),
    )


@pytest.mark.parametrize("size", ["trained", "own", "20"])
@pytest.mark.parametrize("shape", [(16, 16), (33, 21), (3, 50), (1, 1)])
def test_the_result_has_the_size_of_the_drawing(shape, size, checkpoint, tmp_path, capsys):
    sketch = picture(tmp_path / "s.png", *shape, mode="L")
    reference = picture(tmp_path / "r.jpg", 40, 27, mode="CMYK")
    out = tmp_path / "new" / "out.png"
    assert colorize(sketch, reference, checkpoint, out, "--size", size, "--no-clean") == 0
    assert read_image(out).shape == (3, *shape)
    assert f"wrote {out}" in capsys.readouterr().out


def test_a_drawing_of_the_trained_size_is_painted_by_the_model_alone(checkpoint, tmp_path):
    sketch = picture(tmp_path / "s.png", 16, 16)
    reference = picture(tmp_path / "r.png", 16, 16)
    assert colorize(sketch, reference, checkpoint, tmp_path / "o.png") == 0
    model = load_model(checkpoint)
    expected = model(read_sketch(sketch)[None], read_image(reference)[None]).detach().clamp(0, 1)
    assert torch.allclose(read_image(tmp_path / "o.png"), expected[0], atol=0.6 / 255)


def test_two_folders_are_matched_by_stem(checkpoint, tmp_path, capsys):
    for name in ("a", "b"):
        picture(tmp_path / "sketches" / f"{name}.png", 16, 16)
        picture(tmp_path / "photos" / f"{name}.JPG", 20, 20)
    picture(tmp_path / "photos" / "unused.png", 20, 20)
    out = tmp_path / "out"
    assert colorize(tmp_path / "sketches", tmp_path / "photos", checkpoint, out) == 0
    assert {path.name for path in out.iterdir()} == {"a.png", "b.png"}
    assert capsys.readouterr().out.count("wrote ") == 2
    single = tmp_path / "b.png"
    pair = tmp_path / "sketches" / "b.png", tmp_path / "photos" / "b.JPG"
    assert colorize(*pair, checkpoint, single) == 0
    assert torch.equal(read_image(single), read_image(out / "b.png"))


def test_one_photograph_serves_a_folder_of_drawings(checkpoint, tmp_path):
    for name in ("a", "b"):
        picture(tmp_path / "sketches" / f"{name}.png", 16, 16)
    photo = picture(tmp_path / "photo.png", 20, 20)
    assert colorize(tmp_path / "sketches", photo, checkpoint, tmp_path / "out") == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_each_reference_is_read_and_searched_for_its_face_once_in_a_row(tmp_path, monkeypatch):
    searched = []

    def face_of(painter, reference):
        searched.append(int(reference.shape[-1]))

    monkeypatch.setattr(Painter, "face_of", face_of)
    for name in ("a", "b", "c"):
        picture(tmp_path / "sketches" / f"{name}.png", 32, 32)
    one = picture(tmp_path / "one.png", 32, 33)
    paint = ("colorize", "--output", tmp_path / "out", "--sketch", tmp_path / "sketches")
    assert flowcolor(*paint, "--reference", one) == 0
    assert searched == [33]
    for name, width in (("a", 40), ("b", 41), ("c", 42)):
        picture(tmp_path / "photos" / f"{name}.png", 32, width)
    assert flowcolor(*paint, "--reference", tmp_path / "photos") == 0
    assert searched == [33, 40, 41, 42]
    assert flowcolor(*paint, "--reference", one, "--no-align") == 0
    assert searched == [33, 40, 41, 42]


def test_check_reports_the_round_trip_of_the_pair(checkpoint, tmp_path, capsys):
    sketch = picture(tmp_path / "s.png", 24, 16)
    assert colorize(sketch, sketch, checkpoint, tmp_path / "o.png", "--check") == 0
    assert "round trip of what the model computed: photograph " in capsys.readouterr().out


def test_the_check_of_any_other_invertible_method_says_what_it_measured(tmp_path, capsys):
    export_weights(trained_art_flow(), tmp_path / "m.safetensors", 16)
    page = picture(tmp_path / "s.png", 24, 16)
    assert colorize(page, page, tmp_path / "m.safetensors", tmp_path / "o.png", "--check") == 0
    said = capsys.readouterr().out
    assert re.search(r"round trip .* photograph \S+, latent \S+ \(largest errors", said)


BAD = {
    "missing drawing": (
        {"sketch": "none.png"},
        "--sketch expects .* does not exist",
    ),
    "missing photograph": ({"reference": "none.png"}, "--reference expects .* does not exist"),
    "empty drawing": ({"sketch": "empty.png"}, "empty.png is empty"),
    "text as drawing": ({"sketch": "text.png"}, "text.png is not an image"),
    "truncated photograph": ({"reference": "cut.png"}, "cut.png cannot be read"),
    "missing checkpoint": ({"checkpoint": "none.ckpt"}, "none.ckpt expects a file"),
    "not a checkpoint": ({"checkpoint": "text.png"}, "text.png is not a checkpoint"),
    "folder without images": ({"sketch": "nothing", "output": "o"}, "nothing holds no image"),
    "folder for one drawing": ({"reference": "folder"}, "--reference expects one photograph"),
    "one file for a folder": ({"sketch": "folder"}, "--output expects a folder"),
    "no partner": (
        {"sketch": "folder", "reference": "other", "output": "o"},
        "got none for 1 of 1",
    ),
    "suffix": ({"output": "o.gif2"}, "--output expects a folder or a file ending in .bmp"),
    "output under a file": ({"output": "text.png/o.png"}, "text.png is a file."),
    "size": ({"size": "-3"}, "--size expects `trained`, `own` or a number"),
    "device": ({"device": "abacus"}, "--device expects a device of this machine, got 'abacus'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_one_sentence(case, checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    photo = picture(tmp_path / "good.png", 16, 16)
    picture(tmp_path / "folder" / "x.png", 16, 16)
    picture(tmp_path / "other" / "y.png", 16, 16)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:300])
    change, sentence = BAD[case]
    words = {"sketch": "good.png", "reference": "good.png", "checkpoint": checkpoint}
    words |= {"output": "o.png"} | change
    assert flowcolor("colorize", *(f"--{name}={value}" for name, value in words.items())) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert re.search(sentence, captured.err), captured.err


def test_the_input_is_not_needed_to_be_a_png(checkpoint, tmp_path):
    write_image(torch.rand(3, 16, 16), tmp_path / "s.webp")
    reference = picture(tmp_path / "r.tif", 30, 30, mode="RGBA")
    assert colorize(tmp_path / "s.webp", reference, checkpoint, tmp_path / "o.jpg") == 0


def test_each_drawing_of_a_folder_gets_the_photograph_of_its_own_name(tmp_path):
    for folder in ("drawings", "photos"):
        (tmp_path / folder).mkdir()
        for stem in ("a", "b", "c"):
            write_image(torch.rand(3, 8, 8), tmp_path / folder / f"{stem}.png")
    jobs = find_jobs(tmp_path / "drawings", tmp_path / "photos", tmp_path / "out")
    names = [(job.content.stem, job.reference.stem, job.output.stem) for job in jobs]
    assert names == [("a", "a", "a"), ("b", "b", "b"), ("c", "c", "c")]
