"""What is special about Squeeze: which number goes where."""

import pytest
import torch
from einops import rearrange

from flowcolor.layers import Squeeze


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_agrees_with_rearrange(factor):
    x = torch.randn(2, 3, 2 * factor, 4 * factor)
    pattern = "b c (h i) (w j) -> b (c i j) h w"
    y = rearrange(x, pattern, i=factor, j=factor)
    assert torch.equal(Squeeze(factor)(x)[0], y)
    assert torch.equal(Squeeze(factor).inverse(y)[0], x)
