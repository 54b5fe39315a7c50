"""Layers built without memory, given no image, or exported, are the layers that they were."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.export import Dim, export
from torch.utils import _pytree as pytree

from flowcolor.layers import ActNorm, AttentionAggregation, Chain, Inverted, Partial
from flowcolor.models import SketchColorFlow
from tests.layers.cases import CASES, Case, Feature, conditional, fam
from tests.layers.test_contract import PLAIN
from tests.models.helpers import (
    images,
    trained,
    trained_ada_attn,
    trained_art_flow,
    trained_glow,
    trained_s2i,
)

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def spoil(module):
    """Fill what ``to_empty`` left with what memory may hold."""
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.fill_(7)
    return module


@every_case
@pytest.mark.parametrize("assign", [False, True])
def test_a_layer_built_on_the_meta_device_and_loaded_is_the_same(case, assign):
    layer, inputs = case.settled(PLAIN), case.inputs(PLAIN)
    with torch.device("meta"):
        again = case.build()
    if not assign:
        again = spoil(again.to_empty(device="cpu"))
    again.load_state_dict(layer.state_dict(), assign=assign)
    for one, other in ((layer, again), (Inverted(layer), Inverted(again))):
        expected = one(*inputs) if one is layer else one(layer(*inputs)[0], inputs[1])
        found = other(*inputs) if other is again else other(layer(*inputs)[0], inputs[1])
        for a, b in zip(expected, found, strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("parametrization", ["full", "lu", "orthogonal"])
def test_a_model_built_on_the_meta_device_and_loaded_is_the_same(parametrization):
    model = trained(ccbs=1, parametrization=parametrization)
    with torch.device("meta"):
        again = SketchColorFlow(**model.config)
    again = spoil(again.to_empty(device="cpu")).eval()
    again.load_state_dict(model.state_dict())
    assert torch.equal(again(*images()), model(*images()))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_empty_batch_comes_out_empty(case):
    layer, (x, conditions) = case.settled(PLAIN), case.inputs(PLAIN)
    y, _ = layer(x, conditions)
    none = pytree.tree_map_only(torch.Tensor, lambda t: t[:0], conditions)
    for run, given, shape in ((layer, x, y.shape), (layer.inverse, y, x.shape)):
        empty, logdet = run(given[:0], none)
        assert empty.shape == (0, *shape[1:])
        assert logdet.shape == (0,)


@pytest.mark.compiled
@pytest.mark.parametrize("parametrization", ["full", "lu"])
def test_an_exported_model_takes_batches_of_any_size(parametrization):
    model = trained(ccbs=1, parametrization=parametrization)
    batch = {0: Dim("batch", min=1, max=64)}
    with torch.no_grad():
        program = export(model, images(2), dynamic_shapes=(batch, batch))
        for count in (1, 2, 5):
            found, expected = program.module()(*images(count)), model(*images(count))
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


EXPORTED = [
    "ActNorm",
    "InvertibleConv1x1, full",
    "ConditionalActNorm",
    "ConditionalConv1x1",
    "HaarDownsample",
    "SplineCoupling",
    "Partial",
    "Chain, nested",
]
# What is coarser inside has sides whose formulas take torch ten seconds.
EXPORTABLE = CASES | {
    "Partial": Case(
        lambda: Partial(Chain([ActNorm(4), conditional(fam())]), 2, "last"),
        6,
        condition=[Feature(6)],
    ),
}


@pytest.mark.compiled
@pytest.mark.parametrize("name", EXPORTED)
def test_an_exported_layer_takes_images_of_any_size_and_number(name):
    layer = EXPORTABLE[name].settled(PLAIN).eval()
    small, large = (
        EXPORTABLE[name].inputs(replace(PLAIN, batch=batch, sides=sides))
        for batch, sides in ((2, (4, 6)), (3, (6, 2)))
    )

    class RoundTrip(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, x, conditions):
            y, logdet = self.layer(x, conditions)
            return y, logdet, *self.layer.inverse(y, conditions)

    free = pytree.tree_map_only(torch.Tensor, lambda _: dict.fromkeys((0, 2, 3), Dim.AUTO), small)
    with torch.no_grad():
        program = export(RoundTrip(), small, dynamic_shapes=free).module()
        for found, expected in zip(program(*large), RoundTrip()(*large), strict=True):
            torch.testing.assert_close(found, expected)


@pytest.mark.compiled
@pytest.mark.parametrize("strict", [False, True])
def test_exported_attention_takes_conditions_of_any_sides(strict):
    fuse = AttentionAggregation(2, 3, heads=1, head_channels=2, max_tokens=6)
    inputs = (torch.randn(2, 2, 3, 4), torch.randn(2, 3, 4, 5))
    free = dict.fromkeys((0, 2, 3), Dim.AUTO)
    program = export(fuse, inputs, dynamic_shapes=(free, free), strict=strict).module()
    for sides in ((9, 4), (2, 3), (2, 50)):  # Averaged, looked at as they are, averaged to a row.
        given = (torch.randn(3, 2, 6, 5), torch.randn(3, 3, *sides))
        torch.testing.assert_close(program(*given), fuse(*given))


@pytest.mark.compiled
def test_an_exported_model_takes_images_of_any_sides():
    model = trained(ccbs=1)
    sides = dict.fromkeys((0, 2, 3), Dim.AUTO)
    with torch.no_grad():
        program = export(model, images(2), dynamic_shapes=(sides, sides)).module()
        for batch, side in ((3, 16), (2, 24)):
            given = images(batch, side)
            torch.testing.assert_close(program(*given), model(*given), rtol=0, atol=1e-5)


def one_level():
    return trained_glow(levels=1)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("build", "strict"),
    [
        (trained_glow, False),
        (one_level, True),
        (trained_art_flow, False),
        (trained_art_flow, True),
        (trained_s2i, False),
        (trained_ada_attn, False),
    ],
)
def test_models_that_encode_several_images_at_once_are_exported_for_any_batch(build, strict):
    model = build()
    side = max(16, model.least * model.multiple)
    batch = Dim("batch", min=2, max=16)
    with torch.no_grad():
        program = export(
            model, images(2, side), dynamic_shapes=({0: batch}, {0: batch}), strict=strict
        )
        for count in (2, 3, 5):
            given = images(count, side)
            found, expected = program.module()(*given), model(*given)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
