"""Sharpness against closed forms, blur, and what is painted over the lines."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from flowcolor.io.resizing import resize
from flowcolor.metrics import LineSharpness, line_sharpness


@st.composite
def drawings(draw, side=40):
    """Draw strokes of some widths and greys across white paper, (1, 1, side, side)."""
    drawing = torch.ones(1, 1, side, side)
    for _ in range(draw(st.integers(1, 4))):
        at, width = draw(st.integers(4, side - 8)), draw(st.integers(1, 4))
        ink, turned = draw(st.floats(0, 0.8)), draw(st.booleans())
        view = drawing.mT if turned else drawing
        view[..., at : at + width].clamp_(max=ink)
    return drawing


def blurred(drawing, sigma):
    return torch.from_numpy(gaussian_filter(drawing[0, 0].numpy(), sigma, mode="nearest"))[
        None, None
    ]


def gray(drawing):
    return drawing.expand(-1, 3, -1, -1)


@given(drawings())
def test_a_drawing_is_as_sharp_as_itself_in_any_paint(drawing):
    for paint in ((1, 1, 1), (0.9, 0.4, 0.2), (0.2, 0.25, 0.3)):
        image = drawing * torch.tensor(paint)[:, None, None]
        assert line_sharpness(image, drawing).item() == pytest.approx(1, abs=1e-4)


@given(drawings(), st.lists(st.floats(0.4, 5), min_size=2, max_size=4, unique=True))
def test_the_more_it_is_blurred_the_less_sharp_it_is(drawing, sigmas):
    found = [line_sharpness(gray(blurred(drawing, s)), drawing).item() for s in sorted(sigmas)]
    assert [1.0, *found] == sorted([1.0, *found], reverse=True)
    assert found[-1] < 0.97


@given(drawings())
def test_half_the_size_and_back_costs_sharpness(drawing):
    side = drawing.shape[-1]
    small = resize(resize(drawing, (side // 2, side // 2)), (side, side))
    assert line_sharpness(gray(small), drawing).item() < 0.9


def test_a_thin_line_that_was_blurred_is_as_steep_as_the_gaussian():
    drawing = torch.ones(1, 1, 9, 65)
    drawing[..., 32] = 0.7
    for sigma in (0.5, 1.0, 2.0):
        weights = np.exp(-0.5 * (np.arange(-32, 33) / sigma) ** 2)
        weights /= weights.sum()
        image = 1 - 0.3 * torch.from_numpy(weights).float().expand(1, 3, 9, 65)
        found = line_sharpness(image, drawing, window=32).item()
        # Brightness around is that of the paper, but for the weight of the one line among many.
        assert found == pytest.approx(weights[32] - weights[31], rel=0.01)


def test_a_line_that_faded_has_what_is_left_and_a_steep_edge_counts():
    drawing = torch.ones(1, 1, 8, 65)
    drawing[..., 32] = 0
    faded = gray(1 - 0.25 * (1 - drawing))
    assert line_sharpness(faded, drawing, window=32).item() == pytest.approx(0.25, rel=0.01)
    assert line_sharpness(torch.full_like(faded, 0.4), drawing).item() < 1e-5
    edge = torch.full_like(faded, 0.8)
    edge[..., 32:] = 0.4  # One of the line's two differences; the light around is 0.6.
    expected = math.sqrt((0.4 / 0.6) ** 2 / 2)
    assert line_sharpness(edge, drawing, window=32).item() == pytest.approx(expected, rel=0.01)


def test_edges_off_the_lines_do_not_count():
    drawing, image = torch.ones(1, 1, 8, 40), torch.full((1, 3, 8, 40), 0.8)
    drawing[..., 10] = 0
    image[..., 30:] = 0.1
    assert line_sharpness(image, drawing).item() < 1e-5


def test_a_drawing_without_edges_has_none_to_lose():
    image = torch.rand(1, 3, 8, 8)
    for even in (0.0, 0.3, 1.0):
        assert line_sharpness(image, torch.full((1, 1, 8, 8), even)).item() == 1
    assert line_sharpness(image * math.nan, torch.ones(1, 1, 8, 8)).isnan()


def test_an_image_without_edges_has_a_finite_gradient():
    drawing = torch.ones(2, 1, 8, 8)
    drawing[0, ..., 3:5] = 0  # The other one has no line that could be lost.
    image = torch.full((2, 3, 8, 8), 0.5, requires_grad=True)
    line_sharpness(image, drawing).sum().backward()
    assert image.grad.isfinite().all()


def test_images_of_a_batch_do_not_influence_each_other():
    images, drawings = torch.rand(4, 3, 12, 9), torch.rand(4, 1, 12, 9).round()
    drawings[1] = 1
    found = line_sharpness(images, drawings)
    each = torch.cat([line_sharpness(images[i : i + 1], drawings[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(found, each)
    torch.testing.assert_close(line_sharpness(images.mT, drawings.mT), found)
    metric = LineSharpness()
    metric.update(images, gray(drawings))
    assert metric.compute()["sharpness"].item() == pytest.approx(found.double().mean().item())


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((1, 1, 4, 5), {}, r"of their size, got \(1, 3, 4, 4\) and \(1, 1, 4, 5\)"),
        ((1, 1, 4, 4), {"window": 0}, "got 0.9 and 0"),
        ((1, 1, 4, 4), {"threshold": 2}, "got 2 and 0.05"),
    ],
)
def test_impossible_arguments_are_one_sentence(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        line_sharpness(torch.rand(1, 3, 4, 4), torch.rand(shape), **arguments)


def test_a_window_of_single_precision_is_rounded_as_one_of_python():
    images, drawing = torch.rand(1, 3, 300, 300), (torch.rand(1, 1, 300, 300) > 0.1).float()
    window = np.float32(0.01)  # A little less, so that the window ends before the third pixel.
    found = line_sharpness(images, drawing, window=window)
    assert torch.equal(found, line_sharpness(images, drawing, window=float(window)))
