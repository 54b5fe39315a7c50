"""Bleeding against closed forms: flat areas, moved borders and the error function."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from skimage.color import lab2rgb

from flowcolor.metrics import ColorBleeding, color_bleeding, line_f1, line_sharpness

CELL = 8


def painted(lab, lines, line_color=0.0):
    """Turn L*a*b* of (H, W, 3) into an image, with lines of one grey or of colours on it."""
    image = torch.from_numpy(lab2rgb(lab)).permute(2, 0, 1).float()
    return torch.where(lines, torch.as_tensor(line_color, dtype=torch.float32), image)[None]


def grid(seed, rows=4, columns=5):
    """Draw cells of flat colour, and the lines between them."""
    random = np.random.default_rng(seed)
    ab = random.uniform(-25, 25, (rows, columns, 2))
    lab = np.concatenate([random.uniform(45, 70, (rows, columns, 1)), ab], 2)
    lab = lab.repeat(CELL, 0).repeat(CELL, 1)
    lines = torch.zeros(lab.shape[:2], dtype=torch.bool)
    for i in (0, 1):  # Two pixels, one on either side of the border between the cells.
        lines[CELL - 1 + i :: CELL][: rows - 1] = True
        lines[:, CELL - 1 + i :: CELL][:, : columns - 1] = True
    return lab, lines


def drawing_of(lines, ink=0.0):
    return torch.where(lines, torch.as_tensor(ink, dtype=torch.float32), torch.ones(()))[None, None]


def step(width, sigma, side=64, at=32):
    """Draw a step of chroma that was blurred, and a vertical line of a width around it."""
    x = np.arange(side) + 0.5 - at
    a = 20 * np.array([math.erf(v / (math.sqrt(2) * sigma)) if sigma else np.sign(v) for v in x])
    lab = np.stack([np.full(side, 60.0), a, a / 2], 1)[None].repeat(4, 0)
    lines = torch.zeros(4, side, dtype=torch.bool)
    lines[:, at - width // 2 : at + width // 2] = True
    return lab, lines


@given(st.integers(0, 2**32 - 1))
def test_areas_of_flat_colour_do_not_bleed(seed):
    lab, lines = grid(seed)
    for reach in (0.05, 1, 3, 50):
        assert color_bleeding(painted(lab, lines), drawing_of(lines), reach).item() < 1e-5


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0.3, 4), min_size=2, max_size=4, unique=True))
def test_the_more_the_colours_are_blurred_the_more_they_bleed(seed, sigmas):
    lab, lines = grid(seed)
    found = [color_bleeding(painted(lab, lines), drawing_of(lines)).item()]
    for sigma in (sigmas := sorted(sigmas)):
        blurred = np.stack([gaussian_filter(x, sigma, mode="nearest") for x in lab.T], 0).T
        found.append(color_bleeding(painted(blurred, lines), drawing_of(lines)).item())
    assume(min(np.diff(sigmas)) > 0.05)
    assert found == sorted(found)
    assert found[-1] > found[0] + 1e-3


@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("sigma", [0.8, 2.0, 5.0])
@pytest.mark.parametrize("k", [1, 3, 8])
def test_a_blurred_step_bleeds_as_the_error_function_says(width, sigma, k):
    lab, lines = step(width, sigma)
    found = color_bleeding(painted(lab, lines), drawing_of(lines), reach=k).item()
    # The centres of the pixels beside the line lie half a pixel outside of it.
    half = [math.erf((width / 2 + 0.5 + more) / (math.sqrt(2) * sigma)) for more in (0, k)]
    assert found == pytest.approx(1 - half[0] / half[1], abs=2e-4)


def test_colour_that_passes_its_line_bleeds_entirely():
    lab, lines = step(width=2, sigma=0)
    for moved in (2, 3, -2, -3):
        image = painted(np.roll(lab, moved, axis=1), lines)
        # Further than the place where the rolled step ends, less than where the picture does.
        assert (
            color_bleeding(image[..., 8:56], drawing_of(lines)[..., 8:56], reach=6).item() > 0.999
        )
    assert color_bleeding(painted(lab, lines), drawing_of(lines), reach=6).item() < 1e-5


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.85))
def test_the_colour_of_the_lines_does_not_matter(seed, ink):
    lab, lines = grid(seed)
    lab = np.stack([gaussian_filter1d(x, 1.5, mode="nearest") for x in lab.T], 0).T
    expected = color_bleeding(painted(lab, lines), drawing_of(lines))
    assert expected > 0.05
    colors = torch.rand(3, *lines.shape, generator=torch.Generator().manual_seed(seed))
    assert color_bleeding(painted(lab, lines, colors), drawing_of(lines, ink)) == expected


def test_rows_and_columns_count_alike():
    lab, lines = step(width=2, sigma=2.0)
    image, drawing = painted(lab, lines), drawing_of(lines)
    expected = color_bleeding(image, drawing, 3)
    assert torch.equal(color_bleeding(image.mT, drawing.mT, 3), expected)


def test_lightness_alone_and_what_nobody_sees_do_not_bleed():
    lab, lines = step(width=2, sigma=3.0)
    gray = np.stack([60 + lab[..., 1], 0 * lab[..., 0], 0 * lab[..., 0]], 2)
    assert color_bleeding(painted(gray, lines), drawing_of(lines), reach=3).item() < 1e-3
    faint = painted(lab * [1, 0.001, 0.001], lines)
    assert (
        color_bleeding(faint, drawing_of(lines), reach=3).item() < 0.05
    )  # The share alone is 0.58.
    assert color_bleeding(painted(lab, lines), torch.ones(1, 1, *lines.shape)).item() == 0
    assert color_bleeding(painted(lab, lines), torch.zeros(1, 1, *lines.shape)).item() == 0


def test_images_of_a_batch_do_not_influence_each_other():
    images, drawings = torch.rand(4, 3, 12, 9), torch.rand(4, 1, 12, 9).round()
    drawings[1] = 1
    found = color_bleeding(images, drawings, 1)
    each = torch.cat([color_bleeding(images[i : i + 1], drawings[i : i + 1], 1) for i in range(4)])
    assert torch.equal(found, each)
    assert ((found >= 0) & (found <= 1)).all()
    metric = ColorBleeding(reach=1)
    metric.update(images, drawings)
    assert metric.compute()["bleeding"].item() == pytest.approx(found.double().mean().item())


def test_a_broken_result_is_seen():
    lab, lines = step(width=2, sigma=2.0)
    image = painted(lab, lines)
    image[..., 35:] = math.nan
    assert color_bleeding(image, drawing_of(lines), reach=3).isnan()


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((1, 1, 4, 5), {}, r"of their size, got \(1, 3, 4, 4\) and \(1, 1, 4, 5\)"),
        ((2, 1, 4, 4), {}, "of their size"),
        ((1, 1, 4, 4), {"reach": 0}, "got 0.9 and 0"),
        ((1, 1, 4, 4), {"threshold": 2}, "got 2 and 0.05"),
    ],
)
def test_impossible_arguments_are_one_sentence(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        color_bleeding(torch.rand(1, 3, 4, 4), torch.rand(shape), **arguments)


@pytest.mark.parametrize("measure", [color_bleeding, line_sharpness, line_f1])
@pytest.mark.parametrize("shape", [(2, 3, 4, 0), (2, 3, 0, 4), (2, 0, 4, 4)])
def test_pictures_without_a_pixel_are_refused(measure, shape):
    images = torch.rand(shape) if measure is line_f1 else torch.rand(2, 3, *shape[2:])
    with pytest.raises(ValueError, match=rf"^{measure.__name__} expects .*{re.escape(str(shape))}"):
        measure(images, torch.rand(shape))
