"""What is no float tensor is refused in one sentence, by every layer and in both directions."""

import numpy as np
import pytest
import torch
from torch import nn

from flowcolor import layers
from flowcolor.layers import HintedAggregation, NoAggregation, ZeroConv2d
from tests.layers.cases import CASES
from tests.strategies import Sample

ARRAY = np.zeros((2, 4))
BYTES = torch.zeros(2, 4, 4, 4, dtype=torch.uint8)
NO_FLOATS = {
    "None": None,
    "str": "x",
    "list": [BYTES],
    "ndarray": np.zeros((2, 4)),
    "a tensor of torch.uint8": BYTES,
    "a tensor of torch.float8": torch.zeros(2, 4, 4, 4, dtype=torch.float8_e4m3fn),
    "a tensor of torch.complex64": torch.zeros(2, 4, 4, 4, dtype=torch.complex64),
    "one of layout torch.sparse_coo": torch.zeros(2, 4, 4, 4).to_sparse(),
    "a nested one": torch.nested.nested_tensor([torch.zeros(4, 4)] * 2, layout=torch.jagged),
}
AGGREGATIONS = (
    layers.AdaIN,
    layers.AttentionAggregation,
    layers.ConcatAggregation,
    layers.FeatureAggregation,
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_inputs_that_are_no_float_tensors_are_refused(case):
    layer = case.build()
    for run in (layer, layer.inverse):
        for kind, given in NO_FLOATS.items():
            with pytest.raises(
                ValueError, match=rf"^\w+ expects a float tensor, got {kind}[^\n]*\.$"
            ):
                run(given)


@pytest.mark.parametrize("memory", ["none", "checkpoint", "reversible"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_single_numbers_are_refused(case, memory):
    layer = case.build()
    for run in (layer, layer.inverse, layers.Chain([layer], memory)):
        with pytest.raises(ValueError, match=r"^\w+ expects a batch, got a single number\.$"):
            run(torch.tensor(0.5))


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if isinstance(case.condition, tuple)]
)
def test_conditions_that_are_no_tensors_are_refused(case):
    layer, (x, _) = case.build(), case.inputs(Sample(2, (4, 4), 0, 1.0, 0.0))
    for run in (layer, layer.inverse):
        for given in ("x", np.zeros((2, 4)), 3):
            with pytest.raises(ValueError, match=r"expects a condition to be a tensor[^\n]*, got "):
                run(x, given)


@pytest.mark.parametrize(
    "module",
    [
        ZeroConv2d(2, 3),
        HintedAggregation(NoAggregation(), 2, 3, 4),
        *(kind(2, 3) for kind in AGGREGATIONS),
    ],
    ids=lambda module: type(module).__name__,
)
def test_networks_that_are_given_no_float_tensors_have_them_refused(module):
    condition = [] if isinstance(module, ZeroConv2d) else [torch.zeros(2, 3, 4, 4)]
    for kind, given in NO_FLOATS.items():
        name = type(module).__name__
        with pytest.raises(ValueError, match=rf"^{name} expects a float tensor, got {kind}"):
            module(given, *condition)


@pytest.mark.parametrize(
    "module",
    [
        HintedAggregation(NoAggregation(), 4, 4, 4, 4),
        *(kind(4, 8) for kind in AGGREGATIONS),
    ],
    ids=lambda module: type(module).__name__,
)
def test_conditions_that_are_no_float_tensors_are_refused_by_aggregations(module):
    x, condition = torch.rand(2, 4, 4, 4), torch.rand(2, 8, 4, 4)
    module(x, condition)
    for kind in (torch.uint8, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn):
        with pytest.raises(ValueError, match=rf"condition of float numbers, got {kind}\.$"):
            module(x, condition.to(kind))
    for kind, given in NO_FLOATS.items():
        if "a tensor of" not in kind:
            with pytest.raises(ValueError, match=rf" expects a condition, a tensor, got {kind}"):
                module(x, given)


class Returning(nn.Module):
    """A network that returns something else than a tensor."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def forward(self, *_):
        return self.what


@pytest.mark.parametrize(("what", "kind"), [(None, None), ((1,), "tuple"), (ARRAY, "ndarray")])
def test_networks_that_return_no_tensor_are_refused(what, kind):
    net, x, good = Returning(what), torch.rand(2, 4, 4, 4), nn.Conv2d(2, 4, kernel_size=1)
    for layer in (
        layers.AffineCoupling(net),
        layers.ConditionalAffineCoupling(good, net),
        layers.SplineCoupling(net),
        layers.TopPrior(net),
        layers.ConditionalActNorm(4, net),
        layers.ConditionalConv1x1(4, net),
    ):
        expected = f"^{type(layer).__name__} expects its networks to return a tensor, got {kind}"
        with pytest.raises(ValueError, match=expected):
            layer(x, x)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_networks_that_return_no_floats_are_refused(dtype):
    """Cast, they would get no gradients, and complex numbers lose a part."""
    net, x = Returning(torch.ones(2, 4, 4, 4, dtype=dtype)), torch.rand(2, 4, 4, 4)
    for layer in (layers.AffineCoupling(net), layers.TopPrior(net)):
        expected = f"expects its networks to return floats, got a tensor of {dtype}"
        with pytest.raises(ValueError, match=expected):
            layer(x)


class Forgetful(layers.InvertibleLayer):
    """A layer that forgets its log-det."""

    def forward(self, x, condition=None):
        return x

    def inverse(self, y, condition=None):
        return y


@pytest.mark.parametrize("memory", ["none", "checkpoint", "reversible"])
def test_layers_that_return_no_pair_are_refused(memory):
    chain = layers.Chain([Forgetful()], memory)
    for run in (chain, chain.inverse):
        with pytest.raises(
            ValueError, match=r"^Chain expects layers .*, got Tensor of Forgetful\.$"
        ):
            run(torch.rand(2, 2, 2, 2, requires_grad=True))


@pytest.mark.parametrize("memory", ["none", "checkpoint", "reversible"])
def test_entries_of_a_list_that_are_no_conditions_are_refused(memory):
    coupling = layers.ConditionalAffineCoupling(nn.Conv2d(2, 4, kernel_size=1), NoAggregation())
    for given, kind in (("x", "str"), (ARRAY, "ndarray"), (3, "int"), ([[1.0]], "list")):
        chain = layers.Chain([coupling], memory)
        expected = f"^Chain expects a condition to be a tensor or a list of tensors, got {kind}"
        with pytest.raises(ValueError, match=expected):
            chain(torch.rand(2, 4, 4, 4, requires_grad=True), [given])
