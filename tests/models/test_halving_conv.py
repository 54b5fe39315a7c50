"""Convolutions of maps one pixel wide, of which torch leaves gradients unwritten in bfloat16."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.models import ChromaGAN, UNetAdaIN
from flowcolor.models.halving_conv import HalvingConv


def leave_in_memory(number):
    """Free memory that holds a number, for what is not written to be found to have it."""
    junk = [torch.full((9 * 4**p,), number, dtype=torch.bfloat16) for p in range(7)]
    del junk


@pytest.mark.parametrize("sides", [(1, 1), (5, 1), (1, 5), (4, 4)])
def test_gradients_are_those_of_a_convolution_in_full_precision(sides):
    conv, x = HalvingConv(8, 4), torch.rand(3, 8, *sides)
    plain = torch.nn.functional.conv2d(x, conv.weight, conv.bias, 2, 1)
    assert_close(conv(x), plain, rtol=0, atol=0)
    expected = torch.autograd.grad(plain.square().sum(), conv.weight)[0]
    for number in (3.0, float("nan"), 1e9):
        leave_in_memory(number)
        with torch.autocast("cpu", torch.bfloat16):
            y = conv(x)
        found = torch.autograd.grad(y.float().square().sum(), conv.weight)[0]
        assert_close(found, expected, rtol=0.05, atol=0.05 * float(expected.abs().max()))


@pytest.mark.parametrize(
    "model", [UNetAdaIN(2, 4, style_width=4), ChromaGAN(4, "small", 1), ChromaGAN(4, "vgg16", 1)]
)
def test_networks_halve_what_may_be_one_pixel_wide_by_it(model):
    narrow = []
    for part in model.modules():
        if isinstance(part, torch.nn.Conv2d) and part.stride == (2, 2) and part.padding == (1, 1):
            part.register_forward_pre_hook(lambda part, given: narrow.append((part, given[0])))
    reference = torch.rand(2, 3, 16, 16) if isinstance(model, UNetAdaIN) else None
    model(torch.rand(2, 1, 16, 16).expand(-1, 3, -1, -1), reference)
    found = [part for part, x in narrow if x.shape[-1] == 1]
    assert found
    assert all(isinstance(part, HalvingConv) for part in found)
