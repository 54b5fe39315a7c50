"""What a module holds, told as torch's public iterators tell it."""

import pytest
from torch import nn

from flowcolor.layers.reversible.torch_private import contents, first_parameter, parts_of
from flowcolor.models import flowcolor_tiny


def shared() -> nn.Module:
    """Return a module with shared parts and weights, empty places and none at all."""
    one, other = nn.Linear(2, 2, bias=False), nn.Linear(2, 2)
    other.weight = one.weight
    norm = nn.BatchNorm1d(2, affine=False)
    norm.register_buffer("nothing", None)
    net = nn.Sequential(one, nn.Sequential(), nn.Sequential(norm, one), other)
    net.register_module("nobody", None)
    net.own = nn.Parameter(other.bias.detach().clone())
    return net


def nested() -> nn.Module:
    """Return a module whose first parameter is neither its own nor its first part's."""
    net = nn.Sequential(nn.Sequential(nn.ReLU(), nn.BatchNorm1d(2, affine=False)), nn.Linear(2, 2))
    net[0].register_parameter("nothing", None)
    return net


@pytest.mark.parametrize("build", [shared, nested, flowcolor_tiny])
def test_parts_and_tensors_are_those_of_the_public_iterators_in_their_order(build):
    net = build()
    parts, params, buffers = contents(net)
    assert [id(part) for part in parts] == [id(part) for part in net.modules()]
    assert [id(part) for part in parts_of(net)] == [id(part) for part in net.modules()]
    assert first_parameter(net) is next(net.parameters())
    for found, expected in ((params, net.named_parameters()), (buffers, net.named_buffers())):
        expected = dict(expected)
        assert list(found) == list(expected)
        assert [id(tensor) for tensor in found.values()] == [id(t) for t in expected.values()]


def test_there_is_no_first_parameter_where_there_is_none():
    assert first_parameter(nn.Sequential(nn.ReLU(), nn.Identity())) is None
