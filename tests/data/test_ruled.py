"""Printed lines go, strokes stay."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcolor.data import open_portraits
from flowcolor.data.clean import clean_drawing
from flowcolor.data.ruled import _profile, remove_rules
from flowcolor.metrics import line_f1

SIDE = 400


@pytest.fixture(scope="module")
def drawings():
    portraits = open_portraits("embedded", SIDE)
    return [portraits[index]["content"][:1] for index in range(2)]


def ruled(drawing, gap, slope=0.0, dark=0.3, first=0.5):
    """Print lines of two pixels over a drawing."""
    height, width = drawing.shape[-2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    off = (rows - slope * (columns - width / 2) - first * gap) % gap
    off = torch.minimum(off, gap - off)
    return drawing * (1 - dark * (1.5 - off).clamp(0, 1))


@given(
    gap=st.floats(18, 45),
    slope=st.floats(-0.05, 0.05),
    dark=st.floats(0.15, 0.6),
    first=st.floats(0, 1),
    upright=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_lines_of_any_page_go_and_strokes_stay(drawings, gap, slope, dark, first, upright):
    drawing = drawings[0].mT if upright else drawings[0]
    page = ruled(drawing, gap, slope, dark, first)
    drawing, page = (x.mT.contiguous() if upright else x for x in (drawing, page))
    cleaned = remove_rules(page)
    assert cleaned is not None
    before, after = ((x - drawing).abs().mean() for x in (page, cleaned))
    assert after < 0.55 * before
    assert line_f1(cleaned[None], drawing[None]) > max(
        0.9, float(line_f1(page[None], drawing[None]))
    )


def test_both_directions_of_squared_paper_go(drawings):
    for drawing in drawings:
        page = ruled(ruled(drawing, 25).mT, 25, slope=0.01).mT.contiguous()
        cleaned = remove_rules(page)
        assert cleaned is not None
        assert (cleaned - drawing).abs().mean() < 0.4 * (page - drawing).abs().mean()


def test_what_is_not_ruled_is_left_alone(drawings):
    generator = torch.Generator().manual_seed(0)
    noise = 1 - 0.1 * torch.rand(1, SIDE, SIDE, generator=generator)
    few = torch.ones(1, SIDE, SIDE)
    few[:, [90, 170, 250, 330]] = 0.2  # Four bars, as of a striped shirt.
    hatched = torch.ones(1, SIDE, SIDE)
    hatched[:, 100:300:8, 150:300] = 0.3
    for page in (*drawings, torch.ones(1, SIDE, SIDE), noise, few, hatched):
        assert remove_rules(page) is None


def test_pages_of_a_few_pixels_are_left_alone():
    for height, width in ((1, 1), (4, 300), (300, 4)):
        assert remove_rules(torch.rand(1, height, width)) is None


def test_a_cleaned_drawing_has_no_printed_lines_and_says_so(drawings):
    page = 0.9 * ruled(drawings[1], 30, slope=0.02, dark=0.25)
    cleaned = clean_drawing(page.expand(3, -1, -1))
    assert "took out the printed lines" in cleaned.said
    assert line_f1(cleaned.drawing[None], drawings[1][None].expand(-1, 3, -1, -1)) > 0.9


@given(rows=st.integers(2, 90), slope=st.floats(-3, 3), share=st.floats(0, 1), seed=st.integers(0))
@settings(max_examples=60)
def test_parts_are_moved_as_numpy_interpolates_and_ranked(rows, slope, share, seed):
    parts = np.random.default_rng(seed).random((rows, 7))
    shifts, places = slope * np.arange(-3, 4), np.arange(rows)
    moved = [
        np.interp(places + shift, places, part) for shift, part in zip(shifts, parts.T, strict=True)
    ]
    expected = np.sort(moved, axis=0)[int(share * 6)]
    np.testing.assert_allclose(_profile(parts, shifts, share), expected, atol=1e-12)
