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
    if scale in ("bounded", "exp", "atan"):
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
    names = re.escape("['bounded', 'sigmoid', 'sigmoid2', 'exp', 'atan', 'zero_sum', 'none']")
    expected = rf"^{kind.__name__} expects scale to be one of {names}, got 'tanh'\.$"
    with pytest.raises(ValueError, match=expected):
        kind(conv_net(2, 4), nn.Identity(), scale="tanh")


def test_vectors_couple_too():
    layer, x = AffineCoupling(nn.Linear(2, 4)), torch.randn(3, 4)
    y, logdet = layer(x)
    assert_close(layer.inverse(y), (x, -logdet))


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("steer", ["first", "second"])
@pytest.mark.parametrize("order", ["scale_shift", "shift_scale"])
def test_either_half_steers_and_either_step_comes_first(steer, order, two):
    x = torch.randn(2, 5, 3, 2, dtype=torch.float64)
    first, second = x.tensor_split([3], dim=1)
    a, b = (second, first) if steer == "first" else (first, second)
    seen, changed = b.shape[1], a.shape[1]
    nets = [conv_net(seen, changed if two else 2 * changed), conv_net(seen, changed)][: 1 + two]
    layer = AffineCoupling(*nets, scale="atan", steer=steer, order=order, clamp=1.5).double()
    raw, shift = [net(b) for net in nets] if two else nets[0](b).tensor_split(2, dim=1)
    log_s = 0.636 * 1.5 * torch.atan(raw / 1.5)
    changed = (a + shift) * log_s.exp() if order == "shift_scale" else a * log_s.exp() + shift
    y, logdet = layer(x)
    assert_close(y, torch.cat([b, changed] if steer == "first" else [changed, b], 1))
    assert_close(logdet, log_s.sum((1, 2, 3)))


def test_without_a_scale_a_coupling_only_shifts():
    net, x = conv_net(2, 3), torch.randn(2, 5, 3, 2)
    y, logdet = AffineCoupling(net, scale="none")(x)
    assert_close(y, torch.cat([x[:, :3] + net(x[:, 3:]), x[:, 3:]], 1))
    assert torch.equal(logdet, torch.zeros(2))
    with pytest.raises(ValueError, match=r"shift_net to be None, got Identity\.$"):
        AffineCoupling(net, nn.Identity(), "none")


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("steer", "third", "one of ['first', 'second']"),
        ("order", "shift", "one of ['scale_shift', 'shift_scale']"),
        ("clamp", 0.0, "a finite number above 0"),
    ],
)
def test_unknown_options_are_refused_in_words(option, value, expected):
    sentence = f"AffineCoupling expects {option} to be {expected}, got {value!r}."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        AffineCoupling(conv_net(2, 4), **{option: value})


def test_an_arc_tangent_needs_its_clamp():
    with pytest.raises(ValueError, match=r"clamp to be a finite number above 0, got None\.$"):
        AffineCoupling(conv_net(2, 4), scale="atan", clamp=None)
