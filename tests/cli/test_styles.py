"""``flowcolor styles``: which picture stands where."""

import os

import pytest
import torch
from PIL import Image

from flowcolor.cli.main import main
from flowcolor.inference import Painter
from flowcolor.io.images import read_image, write_image
from flowcolor.models import Tint

SIDE = 128


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    generator = torch.Generator().manual_seed(0)
    for name in ("contents/a.png", "contents/b.png", "red.png", "blue.png"):
        image = 0.5 + 0.3 * torch.rand(3, 1, 1, generator=generator).expand(3, SIDE, SIDE)
        write_image(image, name)
    return tmp_path


def cell(picture, row, column):
    top, left = (2 + (SIDE + 2) * place for place in (row, column))
    return picture[:, top : top + SIDE, left : left + SIDE]


def test_contents_are_columns_references_rows_and_the_first_row_has_the_own_colours(files, capsys):
    words = ("--contents", "contents", "--references", "red.png", "blue.png", "--gray")
    tint = ("--method", "tint", "--size", str(SIDE), "--output", "s.png")
    assert main(["styles", *words, *tint]) == 0
    assert "wrote s.png (columns: contents; rows: own photograph, then references)" in (
        capsys.readouterr().out
    )
    picture = read_image("s.png")
    assert picture.shape == (3, 4 * (SIDE + 2) + 2, 3 * (SIDE + 2) + 2)
    photos = [read_image(f"contents/{name}.png") for name in "ab"]
    others = [read_image(f"{name}.png") for name in ("red", "blue")]
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    for row, reference in enumerate(others, 2):
        assert (cell(picture, row, 0) - reference).abs().max() < 1.1 / 255
    for column, photo in enumerate(photos, 1):
        gray = (weights * photo).sum(0, keepdim=True).expand(3, -1, -1)
        assert (cell(picture, 0, column) - gray).abs().max() < 1.1 / 255
        for row, reference in enumerate([photo, *others], 1):
            expected = Tint()(gray[None], reference[None])[0]
            assert (cell(picture, row, column) - expected).abs().max() < 2.1 / 255


def test_further_pages_are_named(files, caplog):
    pages = [Image.new("RGB", (SIDE, SIDE), color) for color in ("red", "blue")]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    words = ("--contents", "contents", "--references", "pages.tif", "--gray", "--method", "tint")
    assert main(["styles", *words, "--size", str(SIDE), "--output", "s.png"]) == 0
    assert "of 1 file with several pages only the first is read: pages.tif." in caplog.text


def test_drawings_have_no_row_of_their_own_colours(files):
    drawing = torch.ones(1, SIDE, SIDE)
    drawing[:, 20:100, 60:64] = 0
    write_image(drawing, "drawing.png")
    words = ("--contents", "drawing.png", "--references", "red.png", "--method", "tint")
    assert main(["styles", *words, "--size", str(SIDE), "--output", "s.png"]) == 0
    assert read_image("s.png").shape == (3, 2 * (SIDE + 2) + 2, 2 * (SIDE + 2) + 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--contents", "gone"), "--contents expects images or folders of them, got gone, which"),
        (("--method", "unchanged"), "Unchanged cannot use references: there are no styles."),
        (("--method", "levin"), "Levin cannot use references: there are no styles."),
        (("--output", "blue.png"), "--output expects a place that holds no input, got blue.png,"),
        (("--output", "contents/s.png"), "outside of contents, whose images are read, got conte"),
        (("--output", "s.txt"), "--output expects a file ending in .bmp, .jfif, "),
        (("--output", "s.gif"), "--output expects a file ending in .bmp, "),
        (("--output", "blue.link.png"), "--output expects a place that holds no input, got blue."),
        (("--output", "folder.png"), "folder.png"),
        (("--size", "own"), "--size expects `trained` or a number of pixels, got 'own'."),
        (("--most", "0"), "--most expects a number from 1 to 100, got 0."),
        (("--size", "2049"), "A square of 128x128 would be enlarged to 2049x2049, "),
    ],
)
def test_what_cannot_be_used_is_one_sentence(files, capsys, monkeypatch, words, sentence):
    (files / "folder.png").mkdir()
    os.link("blue.png", "blue.link.png")
    monkeypatch.setattr("flowcolor.cli.styles.paint", None)  # Nothing is painted for nothing.
    before = {path: path.read_bytes() for path in files.glob("*.png") if path.is_file()}
    given = {"--contents": "contents", "--references": "blue.png", "--method": "tint"}
    given |= {"--output": "s.png", "--size": "16"} | dict([words])
    assert main(["styles", "--gray", *(word for pair in given.items() for word in pair)]) == 2
    assert sentence in capsys.readouterr().err
    assert {path: path.read_bytes() for path in files.glob("*.png") if path.is_file()} == before


def test_contents_and_references_of_which_nothing_can_be_made_are_left_out_and_named(files, capsys):
    drawing = torch.ones(1, SIDE, SIDE)
    write_image(drawing, "drawings/blank.png")
    drawing[:, 20:100, 60:64] = 0
    write_image(drawing, "drawings/good.png")
    for path in ("drawings/half.png", "half.png"):
        (files / path).write_bytes((files / "red.png").read_bytes()[:60])
    words = ("--contents", "drawings", "--references", "half.png", "red.png", "--method", "tint")
    assert main(["styles", *words, "--size", str(SIDE), "--output", "s.png"]) == 2
    assert read_image("s.png").shape == (3, 2 * (SIDE + 2) + 2, 2 * (SIDE + 2) + 2)
    *lines, last = capsys.readouterr().err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "left out drawings/half.png",
        "left out half.png",
        "left out drawings/blank.png",
    ]
    assert last == "flowcolor: 3 of 5 pictures were left out: blank.png, half.png, half.png."


def test_a_picture_that_is_given_twice_stands_twice(files):
    words = ("--contents", "red.png", "red.png", "--references", "blue.png", "blue.png", "--gray")
    tint = ("--method", "tint", "--size", str(SIDE), "--output", "s.png")
    assert main(["styles", *words, *tint]) == 0
    assert read_image("s.png").shape == (3, 4 * (SIDE + 2) + 2, 3 * (SIDE + 2) + 2)


def test_of_many_pictures_those_beyond_the_first_are_counted(files, capsys, caplog):
    words = ("--contents", "red.png", "blue.png", "--references", "blue.png", "--gray")
    tint = ("--method", "tint", "--size", str(SIDE), "--most", "1", "--output", "s.png")
    assert main(["styles", *words, *tint]) == 0
    said = caplog.text + capsys.readouterr().err
    assert "--most 1 leaves out the last 1 of 2 contents." in said
    assert "references" not in said


def test_a_picture_that_its_format_cannot_hold_is_refused_before(files, capsys, monkeypatch):
    monkeypatch.setattr("flowcolor.cli.styles._gallery", None)
    words = ["--contents", "red.png", "--references", *["blue.png"] * 8, "--method", "tint"]
    assert main(["styles", *words, "--size", "2048", "--output", "s.webp"]) == 2
    assert "s.webp expects at most 16383 pixels a side, " in capsys.readouterr().err


@pytest.mark.parametrize("output", ["contents-b.png", "references-b.png", "model.png"])
def test_what_is_given_and_not_painted_is_not_replaced_either(output, files, capsys, monkeypatch):
    """Of many files only the first few are painted."""
    for name in ("contents-b.png", "references-b.png"):
        os.link("blue.png", name)
    os.link("red.png", "model.png")
    (files / "blue.png").unlink()
    before = (files / output).read_bytes()
    monkeypatch.setattr("flowcolor.inference.load", lambda *_: Painter(Tint(), 16, "own"))
    words = ["--contents", "contents/a.png", "contents-b.png"]
    words += ["--references", "contents/b.png", "references-b.png", "--most", "1"]
    assert main(["styles", *words, "--checkpoint", "red.png", "--output", output]) == 2
    assert (
        f"--output expects a place that holds no input, got {output}, " in capsys.readouterr().err
    )
    assert (files / output).read_bytes() == before
