"""Memory modes under autocast: sub-networks in bfloat16, as accurate as plain autograd there."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    FeatureAggregation,
    InvertibleConv1x1,
    OrthogonalDownsample,
)
from tests.layers.memory_modes import outcome, probe
from tests.layers.random_chains import settle


def wide_net(channels, out_channels):
    return nn.Sequential(
        nn.Conv2d(channels, 16, kernel_size=3, padding=1),
        nn.Softplus(),
        nn.Conv2d(16, 16, kernel_size=1),
        nn.Softplus(),
        nn.Conv2d(16, out_channels, kernel_size=3, padding=1),
    )


def deep(blocks=4):
    layers = [OrthogonalDownsample(2)]
    for number in range(blocks):
        fusion = FeatureAggregation(4, 3) if number % 2 else ConcatAggregation(4, 3)
        nets = (wide_net(4, 4), wide_net(4, 4)) if number % 2 else (wide_net(4, 8), None)
        layers += [ActNorm(8), InvertibleConv1x1(8)]
        layers += [AffineCoupling(wide_net(4, 8)), conditional(nets, fusion)]
    chain = Chain(layers)
    x, condition = torch.randn(4, 2, 8, 8), torch.randn(4, 3, 4, 4)
    return settle(chain, x, condition), x, condition


def conditional(nets, fusion):
    return ConditionalAffineCoupling(nets[0], fusion, nets[1])


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("backward_inside", [False, True])
def test_error_of_bfloat16_is_that_of_plain_autograd(inverse, backward_inside):
    chain, x, condition = deep()
    start = chain(x, condition)[0].detach() if inverse else x
    double = outcome(
        copy.deepcopy(chain).double(), "none", start.double(), condition.double(), inverse=inverse
    )
    found = {}
    for mode in ("none", "reversible"):
        chain.memory = mode
        chain.zero_grad()
        leaves = [t.clone().requires_grad_() for t in (start, condition)]
        with torch.autocast("cpu", torch.bfloat16):
            y, logdet = (chain.inverse if inverse else chain)(*leaves)
            loss = probe(y, logdet)
            if backward_inside:
                loss.backward()
        if not backward_inside:
            loss.backward()
        assert y.dtype == logdet.dtype == torch.float32
        everything = [*leaves, *chain.parameters()]
        assert all(t.grad.dtype == torch.float32 for t in everything)
        found[mode] = y.detach(), [t.grad for t in everything]
    names = ["input", "condition 0", *(name for name, _ in chain.named_parameters())]
    right = [double[f"gradient of {name}"] for name in names]
    plain, reversible = (error(found[mode][1], right) for mode in ("none", "reversible"))
    assert_close(found["reversible"][0], found["none"][0], rtol=0, atol=1e-2)
    assert 1e-4 < plain < 0.1  # It was in bfloat16.
    assert reversible < 2 * plain


def error(found, right):
    found, right = (torch.cat([t.double().flatten() for t in part]) for part in (found, right))
    return ((found - right).norm() / right.norm()).item()


def test_backward_runs_in_the_precision_of_its_forward():
    """A chain run in float32 is differentiated in float32, wherever backward is called."""
    chain, x, condition = deep()
    expected = outcome(chain, "none", x, condition)
    chain.memory = "reversible"
    chain.zero_grad()
    loss = probe(*chain(x, condition))
    with torch.autocast("cpu", torch.bfloat16):
        loss.backward()
    for name, parameter in chain.named_parameters():
        right = expected[f"gradient of {name}"]
        unit = max(right.abs().max().item(), 1.0)
        assert_close(parameter.grad, right, rtol=0, atol=2e-5 * unit)


def test_networks_used_elsewhere_under_the_same_autocast_keep_their_gradients():
    """Casts of weights that are made where nothing is recorded must not be reused."""
    chain, x, condition = deep(1)
    net = chain.layers[4].net
    found = []
    for chain.memory in ("none", "reversible"):
        chain.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            first = chain(x, condition)[1].sum()
            second = net(x.repeat(1, 2, 1, 1)).float().square().sum()
        (first + second).backward()
        found.append([p.grad for p in net.parameters()])
    assert_close(found[1], found[0], rtol=0.05, atol=0.05)
