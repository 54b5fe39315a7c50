"""Painting never writes over what it reads."""

import os
import re

import pytest
from PIL import Image

from flowcolor.__main__ import main


@pytest.fixture
def files(tmp_path):
    for name in ("drawing.png", "photo.png", "one/a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (10, 200, 30)).save(tmp_path / name)
    os.link(tmp_path / "photo.png", tmp_path / "linked.png")
    (tmp_path / "pointer.png").symlink_to("drawing.png")
    return tmp_path


@pytest.mark.parametrize(
    ("sketch", "output", "expected"),
    [
        ("drawing.png", "drawing.png", "got .*drawing.png, which is a drawing or photograph"),
        ("drawing.png", "one/../drawing.png", "would be overwritten"),
        ("drawing.png", "photo.png", "got .*photo.png, which is a drawing or photograph"),
        ("drawing.png", "linked.png", "would be overwritten"),
        ("drawing.png", "pointer.png", "would be overwritten"),
        ("drawing.png", ".", "would be overwritten"),
        ("one", "one", "would be overwritten"),
    ],
)
def test_an_input_is_never_overwritten(sketch, output, expected, files, capsys):
    before = {path: path.read_bytes() for path in files.rglob("*.*g")}
    words = ["--sketch", files / sketch, "--reference", files / "photo.png"]
    words += ["--output", files / output, "--method", "tint"]
    assert main(["colorize", *map(str, words)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert re.search(expected, message)
    assert {path: path.read_bytes() for path in files.rglob("*.*g")} == before


def test_a_result_of_an_earlier_run_is_replaced(files):
    for _ in range(2):
        words = ["--sketch", files / "one", "--reference", files / "photo.png"]
        words += ["--output", files / "out", "--method", "tint"]
        assert main(["colorize", *map(str, words)]) == 0
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]
