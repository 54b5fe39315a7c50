"""Boxes come from JSON files, and what is none is refused in words."""

import re

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.models import Hints
from flowcolor.models.box_files import read_boxes, with_boxes

CONTENT = torch.zeros(3, 20, 30)


@pytest.mark.parametrize("text", ["[[1, 2.5, 30, 20]]", '{"boxes": [[1, 2.5, 30, 20]], "n": 1}'])
def test_boxes_are_lists_of_four_numbers(text, tmp_path):
    (tmp_path / "b.json").write_text(text)
    assert read_boxes(tmp_path / "b.json", CONTENT).tolist() == [[1, 2.5, 30, 20]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[[1, 2, 31, 20]]", "b.json: Hints expects boxes inside the picture, 30x20, got 1, 2, 3"),
        (b"[[5, 2, 5, 20]]", "b.json: Hints expects boxes with left before right and top above bo"),
        (b"[[1, 2, NaN, 20]]", "b.json: Hints expects boxes with left before right and top above"),
        (b"[[1, 2, 3]]", "expects boxes as [[left, top, right, bottom], ...], got something else."),
        (b"[1, 2, 3, 4]", "expects boxes as [[left, top, right, bottom], ...], got something els"),
        (b"[[1, 2, 3, true]]", "expects boxes as [[left, top, right, bottom], ...], got something"),
        (b"[]", "expects boxes as [[left, top, right, bottom], ...], got an empty list."),
        (b'{"box": 1}', "expects boxes as [[left, top, right, bottom], ...], got something else."),
        (b"1, 2", "b.json expects JSON, got a file that is none: "),
        (b"\xff\xfe\xff", "b.json expects JSON, got a file that is none: "),
        (None, "b.json cannot be read: No such file or directory."),
    ],
)
def test_what_holds_no_boxes_is_refused_in_words(content, expected, tmp_path):
    if content is not None:
        (tmp_path / "b.json").write_bytes(content)
    with pytest.raises(InputError, match=re.escape(expected)):
        read_boxes(tmp_path / "b.json", CONTENT)


def test_boxes_join_colours_at_points_or_stand_alone():
    boxes = torch.tensor([[1.0, 2, 8, 9]])
    colored = Hints(torch.rand(1, 3, 20, 30), torch.ones(1, 1, 20, 30))
    joined = with_boxes(colored, boxes, 20, 30)
    assert torch.equal(joined.colors, colored.colors)
    assert torch.equal(joined.boxes[0], boxes)
    alone = with_boxes(None, boxes, 20, 30)
    assert alone.mask.sum() == 0
    assert torch.equal(alone.boxes[0], boxes)
