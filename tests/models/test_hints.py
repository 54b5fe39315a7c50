"""Colours at given points belong to their picture."""

import re
from functools import partial

import pytest
import torch
from torch.testing import assert_close

from flowcolor.models import Hints, Levin, Tint
from flowcolor.models.box_files import with_boxes
from flowcolor.models.dots import Dot, hints_of_dots


def hints(colors=(2, 3, 8, 8), mask=(2, 1, 8, 8), color=0.5, at=1.0, boxes=None):
    return Hints(torch.full(colors, color), torch.full(mask, at), boxes)


def box(*sides):
    return [torch.zeros(0, 4), torch.tensor([[0, 0, 8, 8], [*sides]])]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"colors": (2, 4, 8, 8)}, "got (2, 4, 8, 8) and (2, 1, 8, 8)."),
        ({"colors": (3, 8, 8)}, "got (3, 8, 8) and (2, 1, 8, 8)."),
        ({"mask": (2, 1, 8, 9)}, "got (2, 3, 8, 8) and (2, 1, 8, 9)."),
        ({"mask": (1, 1, 8, 8)}, "got (2, 3, 8, 8) and (1, 1, 8, 8)."),
        ({"color": 1.5}, "Hints expects colors to have values in [0, 1], got others."),
        ({"color": torch.nan}, "Hints expects colors to have values in [0, 1], got others."),
        ({"at": -1.0}, "Hints expects mask to have values in [0, 1], got others."),
        ({"at": torch.nan}, "Hints expects mask to have values in [0, 1], got others."),
        ({"boxes": [torch.zeros(1, 4)]}, "Hints expects boxes for each of 2 samples, got 1."),
        ({"boxes": [torch.zeros(0, 4), torch.zeros(2, 3)]}, "of shape (number, 4), got (2, 3)."),
        ({"boxes": box(-1, 0, 4, 4)}, "Hints expects boxes inside the picture, 8x8, got -1, 0, 4,"),
        ({"boxes": box(0, 0, 8.5, 4)}, "inside the picture, 8x8, got 0, 0, 8.5, 4."),
        ({"boxes": box(0, 0, torch.nan, 4)}, "with left before right and top above bottom, got "),
        (
            {"boxes": box(3, 5, 4, 5)},
            "with left before right and top above bottom, got 3, 5, 4, 5.",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused_in_words(wrong, expected):
    with pytest.raises(ValueError, match=re.escape(expected)):
        hints(**wrong)


def test_colours_outside_the_mask_are_not_looked_at():
    assert hints(color=torch.inf, at=0.0).colors.amax() == torch.inf


def test_hints_of_another_size_than_the_content_are_refused():
    class Hinted(Tint):
        hints = "optional"

    expected = "Hinted expects hints of the shape of the content, (2, 3, 8, 4), got (2, 3, 8, 8)."
    with pytest.raises(ValueError, match=re.escape(expected)):
        Hinted().colorize(torch.ones(2, 3, 8, 4), torch.ones(2, 3, 8, 8), hints=hints())


def test_a_box_that_rounds_beyond_the_border_stays_inside():
    whole = torch.tensor([[0.0, 0.0, 49.0, 49.0]])
    given = hints((1, 3, 49, 49), (1, 1, 49, 49), boxes=[whole])
    for side in range(1, 60):
        found = given.resized(side, side).boxes[0]
        assert torch.allclose(found, whole / 49 * side)


def test_boxes_are_cut_to_a_part_of_the_picture_and_dropped_outside():
    boxes = [torch.tensor([[0.0, 0.0, 4.0, 4.0], [6.0, 0.0, 8.0, 2.0], [2.0, 3.0, 5.0, 8.0]])]
    found = hints((1, 3, 8, 8), (1, 1, 8, 8), boxes=boxes).cropped(2, 1, 8, 6)
    assert found.boxes[0].tolist() == [[0, 0, 3, 2], [1, 1, 4, 6]]


def test_boxes_are_for_methods_that_look_at_them():
    class Boxed(Tint):
        hints = "optional"
        boxes = "required"

    given = torch.ones(1, 3, 8, 8)
    boxed = hints((1, 3, 8, 8), (1, 1, 8, 8), boxes=[torch.tensor([[0, 0, 4, 4]])])
    assert Boxed()(given, given, hints=boxed).shape == given.shape
    plain = hints((1, 3, 8, 8), (1, 1, 8, 8))
    with pytest.raises(ValueError, match=r"^Boxed expects hints with boxes, got none\.$"):
        Boxed()(given, given, hints=plain)
    with pytest.raises(ValueError, match=r"^Levin cannot use the boxes of hints, got some\.$"):
        Levin()(given, hints=boxed)


@pytest.mark.parametrize("side", [None, "8", 2.5, 0, -1, True, float("nan"), [8]])
def test_sides_that_hints_cannot_have_are_refused(side):
    given = hints()
    for change in (given.resized, given.padded):
        for sides, name in (((side, 8), "height"), ((8, side), "width")):
            with pytest.raises(ValueError, match=rf"^Hints expects {name} to be a whole number"):
                change(*sides)


@pytest.mark.parametrize("side", [10**9, 2**70, 10**400])
def test_sides_that_no_machine_holds_are_refused(side):
    given, boxes = hints(), torch.tensor([[0.0, 0, 4, 4]])
    for make in (
        given.resized,
        given.padded,
        partial(hints_of_dots, [Dot(1, 1, (1.0, 0.0, 0.0))]),
        partial(with_boxes, None, boxes),
    ):
        for sides in ((side, 8), (8, side)):
            with pytest.raises(ValueError, match=r" expects height and width that give up to 1 b"):
                make(*sides)


def test_padding_that_would_cut_is_refused():
    with pytest.raises(ValueError, match=r"^Hints expects sides of at least 8x8, got 8x7\.$"):
        hints().padded(7, 8)


@pytest.mark.parametrize(
    "part",
    [(None, 0, 4, 4), (0, "0", 4, 4), (0, 0, 2.5, 4), (-1, 0, 4, 4), (4, 0, 4, 4), (0, 0, 9, 4)],
)
def test_what_is_no_part_of_the_picture_is_refused(part):
    top, left, bottom, right = map(repr, part)
    message = f"of a picture of 8x8, got {top}, {left}, {bottom} and {right}."
    with pytest.raises(ValueError, match=re.escape(message)):
        hints().cropped(*part)


@pytest.mark.parametrize("target", [None, 3.5, True, [], "tpu?", torch.int64, torch.complex64])
def test_targets_of_hints_that_are_none_are_refused(target):
    assert hints().to(torch.float64).mask.dtype == torch.float64
    with pytest.raises(ValueError, match=r"^Hints expects a device or a type of float numbers, "):
        hints().to(target)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_hints_of_half_precision_are_resized(kind):
    for sides in ((4, 4), (16, 16), (5, 7)):
        found, right = (hints().to(x).resized(*sides) for x in (kind, torch.float32))
        assert found.colors.dtype == found.mask.dtype == kind
        assert torch.equal(found.mask.float(), right.mask)
        assert_close(found.colors.float(), right.colors, rtol=0, atol=0.01)
