"""What is special about the Haar transform: its formula."""

import torch
from torch.testing import assert_close

from flowcolor.layers import HaarDownsample


def test_coefficients_are_mean_and_differences():
    x = torch.randn(2, 3, 4, 6)
    a, b = x[:, :, ::2, ::2], x[:, :, ::2, 1::2]
    c, d = x[:, :, 1::2, ::2], x[:, :, 1::2, 1::2]
    bands = [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
    assert_close(HaarDownsample(3)(x)[0], torch.stack(bands, 2).flatten(1, 2) / 2)


def test_learns_and_stores_nothing():
    assert HaarDownsample(3).state_dict() == {}
    assert list(HaarDownsample(3).parameters()) == []


def test_stripes_fall_into_the_band_named_after_them():
    stripes = torch.tensor([1.0, -1.0]).expand(1, 1, 2, 2)  # They change along the rows.
    assert HaarDownsample(1)(stripes)[0].flatten().tolist() == [0, 2, 0, 0]
    assert HaarDownsample(1)(stripes.mT)[0].flatten().tolist() == [0, 0, 2, 0]
