"""Attention gives the derivatives of its formula, of any order and in any mode."""

import math

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from flowcolor.layers import AttentionAggregation, FeatureAggregation
from flowcolor.layers.functional.attend import attend
from tests.layers.random_chains import glow

# By torch itself, of forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
ACROSS = (2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 4)


def tokens():
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in ACROSS
    ]


def formula(q, k, v, scale=None):
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    return torch.softmax(scale * (q @ k.mT), -1) @ v


@pytest.mark.parametrize("scale", [None, 0.3])
def test_derivatives_are_those_of_finite_differences(scale):
    assert_close(attend(*tokens(), scale), formula(*tokens(), scale))
    assert gradcheck(lambda *t: attend(*t, scale), tokens())
    assert gradgradcheck(lambda *t: attend(*t, scale), tokens())
    assert gradcheck(lambda *t: attend(*t, scale), tokens(), check_forward_ad=True)


def test_gradients_of_some_inputs_alone_and_twice_from_one_graph():
    q, k, v = tokens()
    result = attend(q.detach(), k, v)
    right = torch.autograd.grad(formula(q, k, v).square().sum(), (k, v))
    for create_graph in (False, True, False):
        loss = result.square().sum()
        found = torch.autograd.grad(loss, (k, v), retain_graph=True, create_graph=create_graph)
        assert_close(found, right)


@pytest.mark.parametrize("memory", ["none", "checkpoint"])
def test_a_chain_with_attention_has_the_second_derivatives_of_plain_operators(memory, monkeypatch):
    chain, x, conditions = glow(memory=memory)
    found = penalty(chain, x, conditions)
    monkeypatch.setattr("flowcolor.layers.aggregation.attend", formula)
    chain.memory = "none"
    assert_close(found, penalty(chain, x, conditions))


def penalty(chain, x, conditions):
    """Return the gradients of a loss of gradients."""
    leaves = [t.clone().requires_grad_() for t in (x, *conditions)]
    y, logdet = chain(leaves[0], leaves[1:])
    loss = y.sin().sum() + logdet.sum()
    gradients = torch.autograd.grad(loss, leaves, create_graph=True)
    weights = [p for p in chain.parameters() if p.requires_grad]
    return torch.autograd.grad(sum(g.square().sum() for g in gradients), [*leaves, *weights])


@pytest.mark.parametrize(
    "fuse", [FeatureAggregation(2, 5), AttentionAggregation(2, 5, 2, 3, max_tokens=4)]
)
def test_aggregations_can_be_differentiated_twice(fuse: nn.Module):
    fuse = fuse.double()
    x, condition = torch.randn(1, 2, 3, 3).double(), torch.randn(1, 5, 3, 3).double()
    given = x.requires_grad_(), condition.requires_grad_()
    assert gradgradcheck(fuse, given, fast_mode=True)


def test_a_bias_is_added_to_the_logits_and_has_derivatives_of_any_order():
    q, k, v = tokens()
    bias = torch.randn(3, 5, 7, dtype=torch.float64)
    bias[0, 0, 1:] = -math.inf
    hidden, open_ = bias.isinf(), bias.isfinite()

    def biased(q, k, v, free):
        return attend(q, k, v, bias=torch.zeros_like(bias).masked_scatter(open_, free) + masked)

    masked = torch.zeros_like(bias).masked_fill(hidden, -math.inf)
    given = q, k, v, bias[open_].requires_grad_()
    expected = torch.softmax(q @ k.mT / 2 + bias, -1) @ v
    assert_close(biased(*given), expected)
    assert gradcheck(biased, given, check_forward_ad=True)
    assert gradgradcheck(biased, given, fast_mode=True)
