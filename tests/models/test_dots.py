"""Dots of colour: what cannot be one is refused in one sentence."""

import math

import numpy as np
import pytest
import torch

from flowcolor.models.dots import Dot, hints_of_dots

RED = (1.0, 0.0, 0.0)


def test_a_dot_covers_its_place_and_what_is_next_to_it():
    hints = hints_of_dots([Dot(0, 7, RED)], 8, 8)
    assert hints.mask[0, 0].nonzero().tolist() == [[6, 0], [6, 1], [7, 0], [7, 1]]
    assert torch.equal(hints.colors[0, :, 7, 0], torch.tensor(RED))


@pytest.mark.parametrize("side", [0, -1, 2.5, None, "8", math.nan])
def test_sides_of_no_picture_are_refused(side):
    with pytest.raises(ValueError, match=r"^hints_of_dots expects height to be a whole number"):
        hints_of_dots([Dot(1, 1, RED)], side, 8)


@pytest.mark.parametrize("dots", [3, "dots", [(1, 1, RED)]])
def test_what_is_no_dot_is_refused(dots):
    with pytest.raises(ValueError, match=r"^hints_of_dots expects dots of a place in whole pixels"):
        hints_of_dots(dots, 8, 8)


@pytest.mark.parametrize(
    "dot", [(1.5, 1, RED), (1, None, RED), (1, 1, 0.5), (1, 1, (1.0, 0.0)), (1, 1, ("1", "0", "0"))]
)
def test_a_dot_without_a_place_or_a_colour_is_refused(dot):
    with pytest.raises(ValueError, match=r"^hints_of_dots expects dots of a place in whole pixels"):
        hints_of_dots([Dot(*dot)], 8, 8)


def test_places_of_one_byte_are_not_refused_and_do_not_wrap():
    hints = hints_of_dots([Dot(np.uint8(255), np.uint8(0), RED)], np.int16(300), np.int16(300))
    assert torch.equal(hints.mask, hints_of_dots([Dot(255, 0, RED)], 300, 300).mask)
