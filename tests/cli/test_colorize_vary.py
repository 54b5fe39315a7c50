"""``flowcolor colorize --vary``: one result for each, in one picture."""

import csv

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.data import open_portraits
from flowcolor.evaluation.captions import captioned
from flowcolor.io.images import read_image, write_image

pytest.importorskip("torchvision")
GATYS = ("--method", "gatys", "--set", "random_weights=true", "content_layer=1", "style_layers=[1]")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo, other = (item["photo"] for item in open_portraits("embedded", size=128))
    write_image(photo.mean(0, keepdim=True), "grey.png")
    write_image(other[:, :, :96], "photo.png")
    write_image(photo, "own.png")
    return tmp_path


def colorize(*words):
    return main(["colorize", "--content", "grey.png", "--output", "o.png", *words])


def lut(*words):
    return colorize("--method", "lut", "--reference", "photo.png", *words)


def test_every_cell_is_what_the_settings_alone_give(files, capsys):
    settings = {
        "gamut=chroma": ("space=rgb_then_yuv", "gamut=chroma"),  # On top of --set.
        "gamut=clip": ("space=rgb_then_yuv", "gamut=clip"),
        "space=rgb": ("space=rgb",),  # In place of that of --set.
    }
    expected = {"content": read_image("grey.png"), "reference": read_image("photo.png")}
    for name, words in settings.items():
        assert lut("--set", *words) == 0
        expected[name] = read_image("o.png")
    varied = [word for name in settings for word in ("--vary", *name.split())]
    assert lut("--set", "space=rgb_then_yuv", *varied) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"wrote o.png (row by row: {'; '.join(expected)})"
    assert (read_image("o.png") - captioned(expected)).abs().max() < 1 / 255


def test_points_are_shown_where_they_are_given(files):
    assert main(["marks", "--photo", "own.png", "--output", "marks.png"]) == 0
    words = ("--method", "levin", "--hints", "marks.png", "--size", "32")
    assert colorize(*words, "--vary", "neighbors=4", "--vary", "neighbors=8") == 0
    sheet, marks, grey = (read_image(name) for name in ("o.png", "marks.png", "grey.png"))
    points = sheet[:, 24:152, 132:260]
    given = (points - grey).abs().amax(0) > 0.02
    assert given.any()
    assert (points - marks).abs()[:, given].max() < 2 / 255


def test_each_result_has_a_trace_of_its_own(files, capsys):
    words = ("--reference", "photo.png", *GATYS, "--size", "16", "--trace", "steps")
    assert colorize(*words, "--vary", "steps=10", "--vary", "steps=20") == 0
    said = capsys.readouterr().out
    for folder, last in (("1", 10), ("2", 20)):
        rows = list(csv.DictReader((files / "steps" / folder / "loss.csv").read_text().split()))
        assert int(rows[-1]["step"]) == last
        assert f"losses and pictures of {last} steps" in said


def test_what_is_noticed_of_every_result_is_said_once(files, capsys):
    write_image(torch.rand(1, 40, 40).expand(3, -1, -1), "photo.png")
    assert lut("--vary", "space=rgb", "--vary", "space=rgb_then_yuv") == 0
    assert capsys.readouterr().out.count("notice: the reference has no colour") == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--vary", "space"), "--vary expects NAME=VALUE, got 'space'."),
        (("--vary", "spaec=rgb"), "got 'spaec'; did you mean 'space'."),
        (
            ("--vary", "space=rgb", "--vary", "space=rgb"),
            "different settings, got space=rgb twice.",
        ),
        (
            ("--vary", "space=rgb", "--plots"),
            "--plots expects one result, got one for each",
        ),
        (("--vary", "space=rgb", "--check"), "--check expects "),
        (("--vary", "space=rgb", "--trace", "t"), "--trace expects --method gatys"),
        (("--vary", "space=rgb", "--content", "folder", "--output", "os"), "one picture, got 2."),
    ],
)
def test_what_cannot_be_varied_is_one_sentence(words, expected, files, capsys):
    for name in ("a", "b"):
        write_image(torch.rand(3, 8, 8), f"folder/{name}.png")
    before = sorted(files.rglob("*"))
    assert lut(*words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert sorted(files.rglob("*")) == before


def test_settings_without_a_method_belong_to_nothing(files, capsys):
    assert colorize("--reference", "photo.png", "--vary", "space=rgb") == 2
    assert "--vary expects --method, whose options it sets, got none." in capsys.readouterr().err
