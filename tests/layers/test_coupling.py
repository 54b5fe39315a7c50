"""What is special about the couplings: which half steers which, by what formula."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import AffineCoupling, ConcatAggregation, ConditionalAffineCoupling
from flowcolor.layers.functional.scale import SCALES, positive_scale
from tests.layers.cases import conv_net


def couplings(channels, scale="bounded"):
    """Return a coupling with one network, one with two and two conditional ones."""
    a, b = channels - channels // 2, channels // 2
    fuse = ConcatAggregation(b, 2)
    return [
        AffineCoupling(conv_net(b, 2 * a), scale=scale),
        AffineCoupling(conv_net(b, a), conv_net(b, a), scale),
        ConditionalAffineCoupling(conv_net(b, 2 * a), fuse, scale=scale),
        ConditionalAffineCoupling(conv_net(b, a), fuse, conv_net(b, a), scale),
    ]


@given(channels=st.integers(2, 7), scale=st.sampled_from(SCALES), seed=st.integers(0, 2**32 - 1))
def test_first_half_is_scaled_and_shifted_by_what_the_second_says(channels, scale, seed):
    torch.manual_seed(seed)
    x, condition = torch.randn(2, channels, 3, 2), torch.randn(2, 2, 3, 2)
    a, b = x.tensor_split([channels - channels // 2], dim=1)
    for layer in couplings(channels, scale):
        fused = layer.aggregate(b, condition) if layer.num_conditions else b
        if layer.shift_net is None:
            raw, shift = layer.net(fused).tensor_split(2, dim=1)
        else:
            raw, shift = layer.net(fused), layer.shift_net(fused)
        s, log_s = positive_scale(raw, scale)
        y, logdet = layer(x, condition)
        assert_close(y, torch.cat([s * a + shift, b], 1))
        assert_close(logdet, log_s.sum((1, 2, 3)))
        assert torch.equal(y[:, a.shape[1] :], b)
        assert torch.equal(layer.inverse(x, condition)[0][:, a.shape[1] :], b)


@pytest.mark.parametrize("raw", [-100.0, 100.0])
@pytest.mark.parametrize("scale", SCALES)
def test_extreme_networks_give_finite_log_dets(scale, raw):
    class Constant(nn.Module):
        def forward(self, x):
            return torch.full_like(x, raw)

    x = torch.randn(2, 4, 3, 3)
    layer = AffineCoupling(Constant(), Constant(), scale)
    y, logdet = layer(x)
    assert y.isfinite().all()
    assert logdet.isfinite().all()
    assert torch.equal(layer.inverse(y)[1], -logdet)
    if scale in ("bounded", "exp"):
        assert_close(layer.inverse(layer(x)[0])[0], x, rtol=0, atol=1e-4)


def test_networks_run_in_low_precision_under_autocast_and_the_rest_does_not():
    x, condition = torch.randn(2, 4, 3, 3), torch.randn(2, 2, 3, 3)
    for layer in couplings(4):
        seen = []
        layer.net.register_forward_hook(lambda net, args, y, seen=seen: seen.append(y.dtype))
        with torch.autocast("cpu", torch.bfloat16):
            y, logdet = layer(x, condition)
        assert seen == [torch.bfloat16]
        assert y.dtype == logdet.dtype == torch.float32
        expected, expected_logdet = layer(x, condition)
        assert_close(y, expected, rtol=0, atol=0.05)
        assert_close(logdet, expected_logdet, rtol=0, atol=0.3)
        assert torch.equal(y[:, 2:], x[:, 2:])


@pytest.mark.parametrize("layer", couplings(4), ids=lambda layer: type(layer).__name__)
def test_network_of_another_shape_is_refused_in_words(layer):
    layer.net = conv_net(2, 3)
    expected = (
        rf"^{type(layer).__name__} expects its network to return shape \(2, [24], 3, 3\) for an "
        r"input of shape \(2, 2, 3, 3\), got \(2, 3, 3, 3\)\.$"
    )
    for direction in (layer.forward, layer.inverse):
        with pytest.raises(ValueError, match=expected):
            direction(torch.randn(2, 4, 3, 3), torch.randn(2, 2, 3, 3))


@pytest.mark.parametrize("layer", couplings(4)[1::2], ids=lambda layer: type(layer).__name__)
def test_shift_of_another_shape_is_refused_in_words(layer):
    layer.shift_net = nn.AdaptiveAvgPool2d(1)  # It would broadcast.
    with pytest.raises(ValueError, match=r"return shape \(2, 2, 3, 3\) .* got \(2, 2, 1, 1\)\.$"):
        layer(torch.randn(2, 4, 3, 3), torch.randn(2, 2, 3, 3))


@pytest.mark.parametrize("kind", [AffineCoupling, ConditionalAffineCoupling])
def test_unknown_scale_is_refused_in_words(kind):
    names = re.escape("['bounded', 'sigmoid', 'sigmoid2', 'exp']")
    expected = rf"^{kind.__name__} expects scale to be one of {names}, got 'tanh'\.$"
    with pytest.raises(ValueError, match=expected):
        kind(conv_net(2, 4), nn.Identity(), scale="tanh")


def test_vectors_couple_too():
    layer, x = AffineCoupling(nn.Linear(2, 4)), torch.randn(3, 4)
    y, logdet = layer(x)
    assert_close(layer.inverse(y), (x, -logdet))
