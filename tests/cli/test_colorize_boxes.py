"""``flowcolor colorize --boxes``: boxes reach the methods that look at them, and no others."""

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.inference import Painter
from flowcolor.io.images import read_image, write_image
from flowcolor.models import Unchanged


class Whitened(Unchanged):
    """White inside its boxes, so that a test sees where they are."""

    hints = "optional"
    boxes = "optional"

    def colorize(self, content, reference=None, *, hints=None, **options):
        result = content.clone()
        for left, top, right, bottom in hints.boxes[0].round().int().tolist() if hints else []:
            result[..., top:bottom, left:right] = 1
        return result


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image(torch.zeros(1, 20, 30), "grey.png")
    (tmp_path / "b.json").write_text("[[4, 10, 30, 20]]")
    monkeypatch.setattr(
        "flowcolor.inference.load", lambda *_: Painter(Whitened().eval(), 0, "whitened")
    )
    return tmp_path


def colorize(*words):
    return main(["colorize", "--output", "o.png", "--content", "grey.png", *words])


@pytest.mark.parametrize(("size", "inside"), [("own", 1.0), ("40", 0.99)])
def test_boxes_reach_the_method_at_its_own_size(files, size, inside):
    assert colorize("--boxes", "b.json", "--size", size) == 0
    found = read_image("o.png")
    assert found[:, 12:, 6:].amin() >= inside
    assert found[:, :8].amax() <= 1 - inside
    assert found[:, :, :2].amax() <= 1 - inside


def test_a_folder_of_boxes_is_matched_by_stem(files, capsys):
    for name, text in (("grey.json", "[[0, 0, 30, 20]]"), ("other.json", "[]")):
        (files / "boxes").mkdir(exist_ok=True)
        (files / "boxes" / name).write_text(text)
    assert colorize("--boxes", "boxes") == 0
    assert read_image("o.png").amin() == 1
    (files / "boxes" / "grey.json").unlink()
    assert colorize("--boxes", "boxes") == 2
    expected = "boxes expects a .json file with the stem of each picture, got none for 1 of 1: grey"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--boxes", "c.json"), "--boxes expects a JSON file or a folder of them, got c.json, whi"),
        (("--boxes", "grey.png"), "grey.png expects JSON, got a file that is none: "),
        (("--method", "unchanged", "--boxes", "b.json"), "Unchanged cannot use --boxes, got b.jso"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(words, expected, files, capsys, monkeypatch):
    if "--method" in words:
        monkeypatch.undo()
        monkeypatch.chdir(files)
    assert colorize(*words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (files / "o.png").exists()


def test_boxes_are_paired_as_references_are_in_any_unicode_form_and_subfolder(files):
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"  # macOS writes the second.
    for place, text in (("a", "[[0, 0, 30, 20]]"), ("b", "[[0, 0, 1, 1]]")):
        write_image(torch.zeros(1, 20, 30), f"in/{place}/{composed}.png")
        (files / "boxes" / place).mkdir(parents=True)
        (files / "boxes" / place / f"{decomposed}.JSON").write_text(text)
    assert main(["colorize", "--output", "out", "--content", "in", "--boxes", "boxes"]) == 0
    assert read_image(f"out/a/{composed}.png").amin() == 1
    assert read_image(f"out/b/{composed}.png").mean() < 0.1


@pytest.mark.parametrize("number", ["1e400", "NaN", "9" * 400, "true", '"4"'])
def test_boxes_of_numbers_that_are_none_are_one_sentence(files, capsys, number):
    (files / "b.json").write_text(f"[[0, 0, {number}, 20]]")
    assert colorize("--boxes", "b.json") == 2
    message = capsys.readouterr().err
    assert "b.json" in message
    assert message.count("\n") == 1
    assert not (files / "o.png").exists()
