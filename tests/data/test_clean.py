"""Whatever paper a drawing comes on, it is black on white afterwards; and good ones stay."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.data import GradientLines, open_portraits
from flowcolor.data.clean import clean_drawing
from flowcolor.metrics import line_f1

SIDE = 128


@pytest.fixture(scope="module")
def drawing():
    """A drawing with a margin of paper, so that its strokes do not fill the page's border."""
    photo = open_portraits("embedded", SIDE)[0]["photo"]
    return GradientLines()(photo, (SIDE, SIDE)).expand(3, -1, -1)


def agreement(cleaned, drawing):
    return float(line_f1(cleaned[None, :1], drawing[None, :1]))


def light(kind):
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    fields = {
        "grey": 0.6 + 0 * x,
        "shadow": 0.5 + 0.45 * x,
        "lamp": 0.4 + 0.6 * np.exp(-((x - 0.3) ** 2 + (y - 0.4) ** 2)),
    }
    return torch.from_numpy(fields[kind]).float()


def test_a_drawing_as_trained_stays_as_it_is(drawing):
    cleaned = clean_drawing(drawing)
    assert cleaned.said == []
    assert cleaned.box == (0, 0, SIDE, SIDE)
    assert not cleaned.is_photograph
    torch.testing.assert_close(cleaned.drawing, drawing)


@pytest.mark.parametrize("kind", ["grey", "shadow", "lamp"])
def test_paper_and_light_are_evened_out(kind, drawing):
    cleaned = clean_drawing(drawing * light(kind))
    assert "evened out paper and light" in cleaned.said
    paper = drawing[0] > 0.99
    assert cleaned.drawing[0][paper].mean() > 0.97
    assert (cleaned.drawing - drawing).abs().mean() < 0.04
    assert agreement(cleaned.drawing, drawing) > 0.9


def test_yellow_paper_is_white(drawing):
    yellow = drawing * torch.tensor([0.95, 0.9, 0.7])[:, None, None]
    assert (clean_drawing(yellow).drawing - drawing).abs().mean() < 0.03


def test_white_on_black_is_inverted(drawing):
    cleaned = clean_drawing(1 - drawing)
    assert cleaned.said[0] == "inverted white on black"
    assert (cleaned.drawing - drawing).abs().mean() < 0.02


def test_faint_pencil_is_darkened(drawing):
    cleaned = clean_drawing(1 - 0.25 * (1 - drawing))
    assert "darkened faint strokes" in cleaned.said
    assert cleaned.drawing.min() < 0.3
    assert agreement(cleaned.drawing, drawing) > 0.9


def test_grain_of_paper_is_whitened(drawing):
    noise = torch.randn(1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    cleaned = clean_drawing((drawing * (0.9 + 0.02 * noise)).clamp(0, 1))
    far = -torch.nn.functional.max_pool2d(-drawing[None], 5, 1, 2)[0, 0] > 0.99
    assert cleaned.drawing[0][far].mean() > 0.985
    assert agreement(cleaned.drawing, drawing) > 0.85


def test_a_drawing_in_a_corner_is_found(drawing):
    page = torch.ones(3, 4 * SIDE, 3 * SIDE)
    page[:, 40 : 40 + SIDE, 200 : 200 + SIDE] = drawing
    cleaned = clean_drawing(page)
    assert "cut the page to the strokes" in cleaned.said
    top, left, bottom, right = cleaned.box
    drawn = (page[0] < 0.8).nonzero()
    (first_row, first_column), (last_row, last_column) = drawn.amin(0), drawn.amax(0)
    assert first_row - 25 <= top <= first_row
    assert first_column - 25 <= left <= first_column
    assert last_row < bottom <= last_row + 26
    assert last_column < right <= last_column + 26


@pytest.mark.parametrize("rows", [slice(0, 2), slice(100, 102), slice(178, 180)])
def test_a_single_line_is_cut_out_with_some_of_its_page(rows):
    """Enlarged to a model's size, the line alone would be a strip of a million pixels."""
    page = torch.ones(3, 180, 240)
    page[:, rows, 40:200] = 0
    top, left, bottom, right = clean_drawing(page).box
    assert 25 <= left <= 28
    assert 212 <= right <= 215
    assert abs(bottom - top - (right - left) / 2) <= 1
    assert 0 <= top <= rows.start < rows.stop <= bottom <= 180
    tall = clean_drawing(page.mT).box
    assert tall == (left, top, right, bottom)


def test_a_photograph_is_told_from_drawings(drawing):
    for index in range(2):
        assert clean_drawing(open_portraits("embedded", SIDE)[index]["photo"]).is_photograph
    assert not clean_drawing(drawing * light("shadow")).is_photograph


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    level=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_any_picture_of_any_size_gives_a_drawing_of_its_size(height, width, level, seed):
    noise = torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))
    image = (level * noise).clamp(0, 1)
    before = image.clone()
    cleaned = clean_drawing(image)
    assert torch.equal(image, before)
    assert cleaned.drawing.shape == (3, height, width)
    assert cleaned.drawing.isfinite().all()
    assert 0 <= cleaned.drawing.min() <= cleaned.drawing.max() <= 1
    top, left, bottom, right = cleaned.box
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width
