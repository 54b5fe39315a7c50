"""The blocks of the flow: what they consist of and how they start."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.layers import (
    ActNorm,
    AdaIN,
    AffineCoupling,
    AttentionAggregation,
    ConcatAggregation,
    ConditionalAffineCoupling,
    FeatureAggregation,
    InvertibleConv1x1,
    NoAggregation,
)
from flowcolor.models import ResidualNet, conditional_coupling_block, coupling_block
from flowcolor.testing import check_invertible

AGGREGATIONS = {
    "fam": FeatureAggregation,
    "concat": ConcatAggregation,
    "adain": AdaIN,
    "none": NoAggregation,
    "attention": AttentionAggregation,
}


def test_blocks_are_actnorm_convolution_coupling():
    for block, coupling in (
        (coupling_block(4), AffineCoupling),
        (conditional_coupling_block(4), ConditionalAffineCoupling),
    ):
        assert [type(layer) for layer in block.layers] == [ActNorm, InvertibleConv1x1, coupling]
        net, shift_net = block.layers[2].net, block.layers[2].shift_net
        assert isinstance(net, ResidualNet)
        assert isinstance(shift_net, ResidualNet)
        assert net is not shift_net


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_arguments_reach_the_layers(name):
    block = conditional_coupling_block(
        6,
        aggregation=name,
        attention_scale=0.5 if name == "fam" else None,
        width=10,
        scale="exp",
        parametrization="lu",
        norm="instance",
        norm_eps=0.25,
    )
    for part in (block, coupling_block(6, scale="exp", parametrization="lu", norm_eps=0.25)):
        assert part.layers[1].parametrization == "lu"
        assert part.layers[2].scale == "exp"
        for net in (part.layers[2].net, part.layers[2].shift_net):
            assert [m.eps for m in net.modules() if isinstance(m, torch.nn.InstanceNorm2d)] == [
                0.25
            ] * 3
    for net in (block.layers[2].net, block.layers[2].shift_net):
        widths = {c.out_channels for c in net.body if isinstance(c, torch.nn.Conv2d)}
        assert widths == {10}
    fuse = block.layers[2].aggregate
    assert type(fuse) is AGGREGATIONS[name]
    if name == "fam":
        assert fuse.attention_scale == 0.5


@pytest.mark.parametrize("name", sorted(AGGREGATIONS.keys() - {"fam"}))
def test_a_temperature_of_what_has_none_is_refused(name):
    with pytest.raises(ValueError, match=f"attention_scale .* 'fam' only, got 1.0 with '{name}'"):
        conditional_coupling_block(6, aggregation=name, attention_scale=1.0)


@pytest.mark.parametrize("build", [coupling_block, conditional_coupling_block])
def test_blocks_start_as_a_standardisation_and_a_rotation(build):
    x, condition = 3 + 2 * torch.randn(4, 4, 3, 3), torch.randn(4, 4, 3, 3)
    block = build(4)
    y, logdet = block(x, condition)
    norm, rotation = block.layers[:2]
    assert_close(y, rotation(norm(x)[0])[0])
    assert_close(logdet, norm(x)[1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("build", [coupling_block, conditional_coupling_block])
def test_blocks_are_invertible_with_perturbed_weights(build):
    x, condition = torch.randn(2, 4, 2, 3), torch.randn(2, 4, 2, 3)
    block = build(4)
    block(x, condition)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    check_invertible(block, x, condition)


def test_unknown_aggregation_is_refused_in_words():
    with pytest.raises(ValueError, match=r"^conditional_coupling_block expects .*, got 'sum'\.$"):
        conditional_coupling_block(4, aggregation="sum")
