"""What is special about the Haar transform: its formula."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian
from torch.testing import assert_close

from flowcolor.layers import HaarDownsample

EVEN = torch.tensor([0, 2])


def test_coefficients_are_mean_and_differences():
    x = torch.randn(2, 3, 4, 6)
    a, b = x[:, :, ::2, ::2], x[:, :, ::2, 1::2]
    c, d = x[:, :, 1::2, ::2], x[:, :, 1::2, 1::2]
    bands = [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d]
    assert_close(HaarDownsample(3)(x)[0], torch.stack(bands, 2).flatten(1, 2) / 2)


def test_axes_counted_by_numpy_are_not_refused():
    x = torch.randn(2, 3, 4, 6)
    assert torch.equal(HaarDownsample(3, dims=np.uint8(2))(x)[0], HaarDownsample(3)(x)[0])


@pytest.mark.parametrize("dims", [1, 3])
def test_coefficients_of_sequences_and_volumes_are_means_and_differences(dims):
    x = torch.randn(2, 3, *[4] * dims)
    pairs = x
    for axis in range(2, 2 + dims):  # One axis after the other: sums, then differences.
        a, b = pairs.index_select(axis, EVEN), pairs.index_select(axis, EVEN + 1)
        pairs = torch.stack([a + b, a - b], -1) / 2**0.5
    bands = pairs.flatten(2 + dims).movedim(-1, 2)
    assert_close(HaarDownsample(3, dims=dims)(x)[0], bands.flatten(1, 2))


def test_learns_and_stores_nothing():
    assert HaarDownsample(3).state_dict() == {}
    assert list(HaarDownsample(3).parameters()) == []


def test_stripes_fall_into_the_band_named_after_them():
    stripes = torch.tensor([1.0, -1.0]).expand(1, 1, 2, 2)  # They change along the rows.
    assert HaarDownsample(1)(stripes)[0].flatten().tolist() == [0, 2, 0, 0]
    assert HaarDownsample(1)(stripes.mT)[0].flatten().tolist() == [0, 0, 2, 0]


@pytest.mark.parametrize("dims", [1, 3])
def test_data_in_float64_need_no_layer_in_float64(dims):
    layer, x = HaarDownsample(1, dims=dims), torch.randn(1, 1, *[2] * dims, dtype=torch.float64)
    y, logdet = layer(x)
    size = 2**dims
    matrix = jacobian(lambda x: layer(x)[0], x).view(size, size)
    assert_close(matrix @ matrix.T, torch.eye(size, dtype=torch.float64), rtol=0, atol=1e-14)
    assert_close(torch.linalg.slogdet(matrix).logabsdet, logdet[0], rtol=0, atol=1e-14)
    assert_close(layer.inverse(y)[0], x, rtol=0, atol=1e-14)
