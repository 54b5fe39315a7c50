"""Colours of a small picture, lines of a large one, and a closed line that holds."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.data.crisp import crisp
from flowcolor.io.resizing import resize


def box(side=256, width=3):
    """A closed square of strokes on paper."""
    drawing = torch.ones(3, side, side)
    low, high = side // 4, 3 * side // 4
    for first in (low, high):
        drawing[:, first : first + width, low : high + width] = 0
        drawing[:, low : high + width, first : first + width] = 0
    inside = torch.zeros(side, side, dtype=torch.bool)
    inside[low + width : high, low + width : high] = True
    outside = torch.ones(side, side, dtype=torch.bool)
    outside[low : high + width, low : high + width] = False
    return drawing, inside, outside


def test_colour_does_not_bleed_over_a_closed_line_although_it_did_in_the_small_picture():
    drawing, inside, outside = box()
    red, blue = torch.tensor([0.8, 0.2, 0.2]), torch.tensor([0.2, 0.3, 0.9])
    truth = torch.where(inside, red[:, None, None], blue[:, None, None])
    seen = resize(drawing, (32, 32))
    small = resize(truth * drawing, (32, 32))
    enlarged, result = resize(small, (256, 256)), crisp(small, seen, drawing)
    for part, color in ((inside, red), (outside, blue)):
        error = (result[:, part] - color[:, None]).abs().amax(0)
        assert error.mean() < 0.05
        assert (error > 0.15).float().mean() < 0.02
        assert (enlarged[:, part] - color[:, None]).abs().amax(0).gt(0.15).float().mean() > 0.03


def test_strokes_are_the_drawing_s_and_not_the_model_s():
    drawing, inside, _ = box()
    small = torch.rand(3, 32, 32)
    result = crisp(small, resize(drawing, (32, 32)), drawing)
    assert result[:, drawing[0] == 0].max() == 0
    sharpest = result.diff(dim=1).abs().max()
    assert sharpest > 2 * resize(small, (256, 256)).diff(dim=1).abs().max()
    assert inside.any()


@given(
    small=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    large=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    color=st.floats(0, 1),
)
def test_a_plain_colour_on_blank_paper_stays_at_any_size(small, large, color):
    picture = torch.full((3, *small), color)
    result = crisp(picture, torch.ones(3, *small), torch.ones(3, *large))
    torch.testing.assert_close(result, torch.full((3, *large), color))


def test_beyond_the_side_at_which_colours_are_spread_lines_are_still_the_drawing_s():
    drawing, *_ = box(side=1500, width=5)
    result = crisp(torch.full((3, 16, 16), 0.5), torch.ones(3, 16, 16), drawing)
    torch.testing.assert_close(result, 0.5 * drawing, rtol=0, atol=1e-4)
