"""What leaves a flow at which level: Partial, Factor and TopPrior, against what they stand for."""

import re

import pytest
import torch
from torch.distributions import Normal
from torch.nn.functional import conv2d
from torch.testing import assert_close

from flowcolor.evaluation.live_bytes import StorageTracker
from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    Factor,
    Inverted,
    InvertibleConv1x1,
    Partial,
    Squeeze,
    TopPrior,
    ZeroConv2d,
)
from tests.layers.cases import conv_net
from tests.layers.memory_modes import MODES, assert_same, outcome, probe


def levels(count, channels=1, *, conditional=True):
    """Return a flow whose channels leave level by level, one condition at each."""
    c, half = 4 * channels, 2 * channels
    layers = [Squeeze(), ActNorm(c), InvertibleConv1x1(c, "lu")]
    layers.append(AffineCoupling(conv_net(half, c), steer="first", order="shift_scale"))
    if conditional:
        fuse = ConcatAggregation(half, 3)
        layers.append(ConditionalAffineCoupling(conv_net(half, c), fuse))
    if count == 1:
        layers.append(TopPrior(conv_net(c, 2 * c)))
    else:
        inner = levels(count - 1, half, conditional=conditional)
        layers.append(Factor(conv_net(half, c), inner))
    return Chain([*layers, Inverted(Squeeze())])


@pytest.mark.parametrize("inverse", [False, True])
def test_flows_of_several_levels_have_the_same_gradients_in_every_mode(inverse):
    flow = levels(3).double()
    x = torch.randn(2, 1, 8, 16, dtype=torch.float64)
    conditions = [torch.randn(2, 3, 8 // f, 16 // f).double() for f in (2, 4, 8)]
    flow(x, conditions)  # The first batch.
    expected, *others = (outcome(flow, mode, x, conditions, inverse=inverse) for mode in MODES)
    assert expected["result"].shape == x.shape
    for other in others:
        assert_same(other, expected, 1e-12)


def test_a_reversible_step_inside_holds_the_activations_of_one_layer_alone():
    def peak(depth):
        steps = [AffineCoupling(conv_net(2, 4)) for _ in range(depth)]
        flow = Chain([Factor(conv_net(4, 8), Chain(steps))], "reversible")
        x = torch.randn(2, 8, 32, 32)
        with StorageTracker() as live:
            probe(*flow(x.requires_grad_())).backward()
        return live.peak

    state = 4 * 2 * 8 * 32 * 32
    assert peak(12) - peak(2) < state / 2, "only gradients of parameters grow"


def test_factor_gives_the_density_of_a_learned_gaussian():
    x, net = torch.randn(2, 4, 3, 5, dtype=torch.float64), conv_net(2, 4).double()
    kept = InvertibleConv1x1(2).double()
    y, logdet = Factor(net, kept)(x)
    a, b = x.chunk(2, 1)
    log_std, mean = net(a).chunk(2, 1)
    inner, inner_logdet = kept(a)
    assert_close(y, torch.cat([inner, (b - mean) / log_std.exp()], 1))
    noise = Normal(0.0, 1.0).log_prob(y[:, 2:]).sum((1, 2, 3))
    density = Normal(mean, log_std.exp()).log_prob(b).sum((1, 2, 3))
    assert_close(noise + logdet, density + inner_logdet)


def test_top_prior_gives_the_density_of_what_its_network_says_of_nothing():
    x, net = torch.randn(2, 3, 4, 5, dtype=torch.float64), conv_net(3, 6).double()
    y, logdet = TopPrior(net)(x)
    log_std, mean = net(torch.zeros_like(x)).chunk(2, 1)
    noise = Normal(0.0, 1.0).log_prob(y).sum((1, 2, 3))
    assert_close(noise + logdet, Normal(mean, log_std.exp()).log_prob(x).sum((1, 2, 3)))


@pytest.mark.parametrize(("passed", "side"), [(1, "first"), (3, "last"), (None, "first")])
def test_what_passes_is_unchanged_and_the_rest_is_mapped(passed, side):
    x = torch.randn(2, 5, 4, 6)
    by = 3 if passed is None else passed  # Of 5 channels, the first half has 3.
    inner = InvertibleConv1x1(5 - by)
    y, logdet = Partial(inner, passed, side)(x)
    rest = x[:, by:] if side == "first" else x[:, : 5 - by]
    mapped, expected = inner(rest)
    parts = [x[:, :by], mapped] if side == "first" else [mapped, x[:, 5 - by :]]
    assert torch.equal(y, torch.cat(parts, 1))
    assert torch.equal(logdet, expected)


def test_an_inner_layer_of_another_resolution_and_too_few_channels_are_refused_in_words():
    expected = (
        "Partial expects an inner layer that returns the spatial shape it is given, (4, 6), got "
        "(2, 3); end it with the inverse of what changes the resolution, for instance "
        "Inverted(Squeeze())."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Partial(Squeeze(), 1)(torch.randn(2, 3, 4, 6))
    with pytest.raises(ValueError, match=r"with at least 4 channels, got \(2, 3, 4, 6\)\.$"):
        Partial(Squeeze(), 3)(torch.randn(2, 3, 4, 6))


@pytest.mark.parametrize("run", ["forward", "inverse"])
def test_a_prior_of_what_has_no_channels_is_refused_in_words(run):
    layer = getattr(TopPrior(conv_net(2, 4)), run)
    expected = r"^TopPrior expects an input of shape \(batch, channels, \*spatial\), got \(4,\)\.$"
    with pytest.raises(ValueError, match=expected):
        layer(torch.randn(4))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_zero_convolution_sees_its_padding_and_scales_each_channel(value):
    layer, x = ZeroConv2d(2, 3, value), torch.randn(2, 2, 4, 5)
    assert not layer(x).any()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter += torch.randn_like(parameter)
    around = torch.full((2, 2, 6, 7), value)
    around[:, :, 1:-1, 1:-1] = x
    expected = conv2d(around, layer.weight, layer.bias) * torch.exp(3 * layer.log_scale)
    assert_close(layer(x), expected)
