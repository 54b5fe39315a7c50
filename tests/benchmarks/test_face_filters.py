"""Filters that are learned: two classes divided, alike for both sides of a face."""

import torch
from torch.testing import assert_close

from benchmarks.face_filters import divide
from flowcolor.pretrained.face_finder import BINS, CELLS, cells_of


def test_a_filter_divides_its_windows_and_does_not_know_left_from_right():
    torch.manual_seed(0)
    windows = torch.rand(40, 3, 56, 56)
    windows[:20, :, 28:] *= 0.2  # One edge across the middle.
    cells = cells_of(windows, "drawing")
    weights, bias = divide(cells[:20].flatten(1), cells[20:].flatten(1))
    assert weights.shape == (BINS, CELLS, CELLS)
    scores = (cells * weights).sum((1, 2, 3)) + bias
    assert (scores[:20] > 0).all()
    assert (scores[20:] < 0).all()
    mirrored = (cells_of(windows.flip(-1), "drawing") * weights).sum((1, 2, 3)) + bias
    assert_close(mirrored, scores, rtol=0, atol=2e-3)
