"""What is special about Squeeze: which number goes where."""

from functools import partial
from itertools import product

import pytest
import torch
from einops import rearrange

from flowcolor.layers import HaarDownsample, Squeeze


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("dims", [1, 3])
def test_sequences_and_volumes_are_cut_into_patches_in_reading_order(factor, dims):
    x = torch.randn(2, 3, *[2 * factor] * dims)
    y, _ = Squeeze(factor, dims=dims)(x)
    assert y.shape == (2, 3 * factor**dims, *[2] * dims)
    for place in product(range(2), repeat=dims):
        corner = tuple(slice(factor * p, factor * (p + 1)) for p in place)
        assert torch.equal(y[:, :, *place], x[:, :, *corner].flatten(1))
    assert torch.equal(Squeeze(factor, dims=dims).inverse(y)[0], x)


@pytest.mark.parametrize("build", [Squeeze, partial(HaarDownsample, 3)])
def test_four_axes_of_space_are_refused(build):
    with pytest.raises(ValueError, match=r"expects dims to be one of \[1, 2, 3\], got 4\.$"):
        build(dims=4)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_agrees_with_rearrange(factor):
    x = torch.randn(2, 3, 2 * factor, 4 * factor)
    pattern = "b c (h i) (w j) -> b (c i j) h w"
    y = rearrange(x, pattern, i=factor, j=factor)
    assert torch.equal(Squeeze(factor)(x)[0], y)
    assert torch.equal(Squeeze(factor).inverse(y)[0], x)
