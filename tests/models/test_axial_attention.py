"""Attention along one axis and its layer against their formulas, pixel by pixel."""

import math

import pytest
import torch
from torch.nn.functional import layer_norm
from torch.testing import assert_close

from flowcolor.models.axial_attention import AxialAttention
from flowcolor.models.axial_block import AxialBlock
from flowcolor.models.axial_stack import AxialStack


def moved(module):
    """Return a module in float64 whose weights have moved."""
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.5 * torch.randn_like(parameter)
    return module


def halves(linear):
    """Return weights and biases of a layer's four scales, and of its four shifts."""
    return zip(linear.weight.split(4), linear.bias.split(4), strict=True)


def attended(layer, x, condition):
    """Return what the formula says of a line of pixels, (N, C), one pixel and head at a time."""
    count, width = x.shape
    query, key, value = (
        (w @ condition.mT).mT * (layer_.weight @ x.mT).mT + (t @ condition.mT).mT
        for layer_, w, t in zip(
            (layer.query, layer.key, layer.value),
            layer.modulation.weight.split(width)[:3],
            layer.modulation.weight.split(width)[3:],
            strict=True,
        )
    )
    size = width // layer.heads
    result = torch.zeros_like(x)
    for head in range(layer.heads):
        own = slice(head * size, (head + 1) * size)
        for i in range(count):
            seen = range(i + 1) if layer.masked else range(count)
            # Of the nearest place before, at index length - 2, to the nearest after, at length.
            scores = [
                query[i, own] @ key[j, own] / math.sqrt(size)
                + layer.distance[head, j - i + layer.length - 1]
                for j in seen
            ]
            shares = torch.stack(scores).softmax(0)
            result[i, own] = sum(
                share * value[j, own] for share, j in zip(shares, seen, strict=True)
            )
    return result @ layer.output.weight.mT


@pytest.mark.parametrize("along", ["row", "column"])
@pytest.mark.parametrize("masked", [True, False])
def test_each_pixel_sees_its_line_as_the_formula_says(along, masked):
    length = 4 if along == "row" else 3
    layer = moved(AxialAttention(6, 2, length, along=along, masked=masked, condition=5))
    x, condition = (torch.randn(2, 3, 4, c, dtype=torch.float64) for c in (6, 5))
    found, _ = layer(x, condition)
    for sample in range(2):
        for line in range(3 if along == "row" else 4):
            at = (sample, line) if along == "row" else (sample, slice(None), line)
            assert_close(found[at], attended(layer, x[at], condition[at]))


def test_a_layer_adds_and_then_normalises_by_the_mean_of_its_context():
    block = moved(AxialBlock(4, 2, (2, 3), "row", condition=5, context=5))
    x, condition = (torch.randn(2, 2, 3, c, dtype=torch.float64) for c in (4, 5))
    context = torch.randn(2, 2, 3, 5, dtype=torch.float64)
    found, _ = block(x, condition, block.scales(context))

    def norm(place, y):
        pooled = block.norms[place]
        mean = sum(pooled.places[i, j] * context[:, i, j] for i in range(2) for j in range(3))
        scale, shift = (
            (mean @ w.mT + b)[:, None, None]
            for w, b in zip(
                pooled.project.weight.split(4), pooled.project.bias.split(4), strict=True
            )
        )
        return scale * layer_norm(y, (4,)) + shift

    u = norm(0, x + block.attention(x, condition)[0])
    scale, shift = (
        condition @ w.mT + b
        for w, b in zip(
            block.modulation.weight.split(4), block.modulation.bias.split(4), strict=True
        )
    )
    assert_close(found, norm(1, u + scale * block.perceptron(u) + shift))


def test_norms_begin_as_plain_ones_and_with_a_plain_mean():
    block = AxialBlock(4, 2, (2, 3), "column", condition=5, context=5).double()
    x, context = (torch.randn(2, 2, 3, c, dtype=torch.float64) for c in (4, 5))
    with torch.no_grad():
        block.norms[0].project.weight.zero_()
    ((scale, shift), (other, _)) = block.scales(context)
    assert_close(scale, torch.ones_like(scale))
    assert_close(shift, torch.zeros_like(shift))
    project = block.norms[1].project
    mean = context.mean((1, 2))
    assert_close(other[:, 0, 0], 1 + mean @ project.weight[:4].mT)
    assert_close(block.norms[0](x), layer_norm(x, (4,)))


def test_in_a_stack_every_pixel_sees_all_and_knows_its_row_and_column():
    stack = moved(AxialStack(4, 2, (2, 3), 1))
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    found = stack(x)
    for y, row in enumerate(found[0]):
        for pixel in row:
            (grad,) = torch.autograd.grad(pixel.square().sum(), x, retain_graph=True)
            assert grad.abs().sum(-1).all(), y
    places = stack.places()
    for y in range(2):
        for column in range(3):
            expected = stack.places.rows[y, 0] + stack.places.columns[0, column]
            assert_close(places[y, column], expected)
