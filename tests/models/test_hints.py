"""Colours at given points belong to their picture."""

import re

import pytest
import torch

from flowcolor.models import Hints, Tint


def hints(colors=(2, 3, 8, 8), mask=(2, 1, 8, 8), color=0.5, at=1.0, boxes=None):
    return Hints(torch.full(colors, color), torch.full(mask, at), boxes)


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
