"""Layers whose numbers are predicted for each image, and matrices that are not learned."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import (
    ConditionalActNorm,
    ConditionalConv1x1,
    HaarDownsample,
    InvertibleConv1x1,
)


def test_an_image_is_shifted_and_scaled_by_its_own_condition():
    net, x, condition = nn.Linear(4, 6), torch.randn(2, 3, 4, 5), torch.randn(2, 4)
    y, logdet = ConditionalActNorm(3, net)(x, condition)
    log_scale, loc = net(condition).chunk(2, 1)
    for i in range(2):
        assert_close(y[i], (x[i] - loc[i, :, None, None]) * log_scale[i].exp()[:, None, None])
    assert_close(logdet, 20 * log_scale.sum(1))


@pytest.mark.parametrize("kind", ["lu", "full"])
def test_an_image_is_mixed_by_the_matrix_of_its_own_condition(kind):
    net, condition = nn.Linear(4, 9).double(), torch.randn(2, 4, dtype=torch.float64)
    layer, numbers = ConditionalConv1x1(3, net, kind).double(), net(condition)
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    y, logdet = layer(x, condition)
    for i in range(2):
        if kind == "full":
            weight = layer.base + numbers[i].view(3, 3)
        else:
            s, rest = numbers[i, :3], numbers[i, 3:]
            a, b, c, d, e, f = rest  # Around the diagonal, row by row.
            one, zero = torch.ones(()).double(), torch.zeros(()).double()
            lower = torch.stack([one, zero, zero, c, one, zero, e, f, one]).view(3, 3)
            upper = torch.stack([zero, a, b, zero, zero, d, zero, zero, zero]).view(3, 3)
            weight = layer.base @ lower @ (upper + torch.diag(layer.sign * s.exp()))
        assert_close(y[i], torch.einsum("kc,chw->khw", weight, x[i]))
        assert_close(logdet[i], 20 * torch.linalg.slogdet(weight).logabsdet)


def test_predictions_of_another_number_are_refused_in_words():
    layer = ConditionalActNorm(3, nn.Linear(4, 5))
    expected = (
        r"^ConditionalActNorm expects its network to return shape \(2, 6\) for a condition of "
        r"shape \(2, 4\), got \(2, 5\)\.$"
    )
    with pytest.raises(ValueError, match=expected):
        layer(torch.randn(2, 3, 4, 5), torch.randn(2, 4))


@pytest.mark.parametrize("kind", ["householder", "permutation"])
def test_reflections_and_permutations_are_orthogonal(kind):
    matrix = InvertibleConv1x1(5, kind).double().matrix
    weight = matrix.weight()
    assert_close(weight @ weight.mT, torch.eye(5, dtype=torch.float64))
    assert not torch.equal(weight, torch.eye(5))
    if kind == "permutation":
        assert weight.sum(0).tolist() == weight.sum(1).tolist() == [1.0] * 5
        assert not list(matrix.parameters())
    else:
        product = torch.eye(5, dtype=torch.float64)
        for v in matrix.vectors:
            product = product @ (torch.eye(5) - 2 * torch.outer(v, v) / v.square().sum())
        assert_close(weight, product)


@pytest.mark.parametrize("kind", ["full", "lu", "orthogonal", "householder"])
def test_what_is_not_learned_keeps_no_gradients(kind):
    layer, x = InvertibleConv1x1(4, kind, learn=False), torch.randn(2, 4, 3, 3, requires_grad=True)
    layer(x)[0].sum().backward()
    assert x.grad is not None
    assert all(p.grad is None and not p.requires_grad for p in layer.parameters())


def test_a_rebalanced_transform_is_the_plain_one_times_a_number():
    x = torch.randn(2, 3, 4, 6)
    plain, _ = HaarDownsample(3)(x)
    y, logdet = HaarDownsample(3, rebalance=0.5)(x)
    assert_close(y, 0.5 * plain)
    assert_close(logdet, torch.full([2], 72 * math.log(0.5)))
