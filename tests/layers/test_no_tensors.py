"""What is no float tensor is refused in one sentence, by every layer and in both directions."""

import numpy as np
import pytest
import torch

from flowcolor import layers
from flowcolor.layers import HintedAggregation, NoAggregation, ZeroConv2d
from tests.layers.cases import CASES
from tests.strategies import Sample

BYTES = torch.zeros(2, 4, 4, 4, dtype=torch.uint8)
NO_FLOATS = {
    "None": None,
    "str": "x",
    "list": [BYTES],
    "ndarray": np.zeros((2, 4)),
    "a tensor": BYTES,
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_inputs_that_are_no_float_tensors_are_refused(case):
    layer = case.build()
    for run in (layer, layer.inverse):
        for kind, given in NO_FLOATS.items():
            with pytest.raises(
                ValueError, match=rf"^\w+ expects a float tensor, got {kind}[^\n]*\.$"
            ):
                run(given)


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
        *(
            kind(2, 3)
            for kind in (
                layers.AdaIN,
                layers.AttentionAggregation,
                layers.ConcatAggregation,
                layers.FeatureAggregation,
            )
        ),
    ],
    ids=lambda module: type(module).__name__,
)
def test_networks_that_are_given_no_float_tensors_have_them_refused(module):
    condition = [] if isinstance(module, ZeroConv2d) else [torch.zeros(2, 3, 4, 4)]
    for kind, given in NO_FLOATS.items():
        name = type(module).__name__
        with pytest.raises(ValueError, match=rf"^{name} expects a float tensor, got {kind}"):
            module(given, *condition)
