"""On the meta device, where tensors have shapes and no numbers, every layer tells its shapes."""

from contextlib import nullcontext

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from flowcolor.color import rgb_to_yuv
from flowcolor.layers import ActNorm, Chain
from tests.layers.cases import CASES, Case
from tests.strategies import Sample


def on_meta(condition):
    return (
        [c.to("meta") for c in condition] if isinstance(condition, list) else condition.to("meta")
    )


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_told_in_both_directions_and_modes(name):
    case = CASES[name]
    x, condition = case.inputs(Sample(2, (4, 4), 0, 1.0, 0.0))
    shapes = [part.shape for part in case.build()(x, condition)]
    condition = None if condition is None else on_meta(condition)
    for memory in ("none", "checkpoint", "reversible"):
        chain = Chain([case.build()], memory).to("meta")
        for mode in (True, False):
            leaf = x.to("meta").requires_grad_()
            y, logdet = chain.train(mode)(leaf, condition)
            assert [y.shape, logdet.shape] == shapes
            (y.sum() + logdet.sum()).backward()
            assert leaf.grad.shape == x.shape
            assert chain.inverse(y, condition)[0].shape == x.shape


def normed_mixing():
    return Chain([ActNorm(5), CASES["InvertibleConv1x1, lu"].build()])


@pytest.mark.parametrize("name", [*CASES, "ActNorm and InvertibleConv1x1"])
@pytest.mark.parametrize("where", ["meta", "fake", "fake batch"])
def test_shapes_are_told_again_without_gradients(name, where):
    case = CASES.get(name, Case(normed_mixing, 5, planar=False))
    x, condition = case.inputs(Sample(2, (4, 4), 0, 1.0, 0.0))
    chain = Chain([case.build()]).eval()
    with torch.no_grad():
        y = chain(x, condition)[0]
        expected = chain.inverse(y, condition)[0].shape  # What is kept now is of real numbers.
        if where == "meta":
            y, condition = y.to("meta"), None if condition is None else on_meta(condition)
            chain.to("meta")
        with nullcontext() if where == "meta" else FakeTensorMode(allow_non_fake_inputs=True):
            if where == "fake":
                chain = Chain([case.build()]).eval()
            for _ in range(2):
                assert chain.inverse(torch.empty_like(y), condition)[0].shape == expected


def test_a_batch_without_numbers_initialises_nothing():
    layer = ActNorm(3).to("meta")
    layer(torch.rand(2, 3, 4, 4, device="meta"))
    assert layer.awaits_data
    with pytest.raises(ValueError, match="ActNorm expects a batch of finite numbers"):
        layer.initialize(torch.rand(2, 3, 4, 4, device="meta"))


def test_a_fake_batch_initialises_nothing():
    with FakeTensorMode():
        layer = ActNorm(3)
        assert layer(torch.rand(2, 3, 4, 4))[0].shape == (2, 3, 4, 4)
        assert layer.awaits_data
        with pytest.raises(ValueError, match="ActNorm expects a batch of finite numbers"):
            layer.initialize(torch.rand(2, 3, 4, 4))


@pytest.mark.parametrize("strict", [False, pytest.param(True, marks=pytest.mark.compiled)])
def test_an_exported_batch_initialises_nothing(strict):
    layer, x = ActNorm(3), torch.rand(2, 3, 4, 4)
    program = torch.export.export(layer, (x,), strict=strict)
    assert torch.equal(program.module()(x)[0], x)
    assert layer.awaits_data
    layer(x)
    assert not layer.awaits_data


def test_colours_have_shapes_too():
    assert rgb_to_yuv(torch.rand(2, 3, 4, 4, device="meta")).shape == (2, 3, 4, 4)
