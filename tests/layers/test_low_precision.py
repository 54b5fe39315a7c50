"""Weights in half precision: networks compute in it, the flow around them does not."""

import copy

import pytest
import torch
from torch.testing import assert_close

from flowcolor.layers import Chain
from flowcolor.models import flowcolor_tiny
from tests.layers.cases import CASES, couplings
from tests.layers.memory_modes import MODES, outcome
from tests.layers.test_contract import PLAIN, check_round_trip, directions
from tests.strategies import Sample

COUPLED = [name for name, case in CASES.items() if couplings(case.layer(0))]


@pytest.mark.parametrize("name", COUPLED)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_round_trip_is_that_of_float32(name, dtype):
    case = CASES[name]
    layer = case.settled(PLAIN)
    close = directions(copy.deepcopy(layer), case.inputs(PLAIN))
    for (run, *inputs), (right, *_) in zip(
        directions(layer.to(dtype), case.inputs(PLAIN)), close, strict=True
    ):
        check_round_trip(run, *inputs, 1e-5 if couplings(layer) == 1 else 1e-2)
        assert_close(run(*inputs), right(*inputs), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("memory", MODES)
def test_gradients_are_those_of_float32_within_half_precision(memory):
    case = CASES["Chain, nested"]
    chain, (x, conditions) = case.settled(PLAIN), case.inputs(PLAIN)
    expected = outcome(copy.deepcopy(chain), "none", x, conditions)
    found = outcome(Chain([chain.bfloat16()]), memory, x, conditions)
    for name, right in expected.items():
        value = found[name.replace("gradient of layers", "gradient of layers.0.layers")]
        assert value.dtype == (torch.bfloat16 if "layers" in name else torch.float32)
        assert (value - right).norm() < 0.05 * (right.norm() + 1), name


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_whole_model_still_rebuilds_the_image(dtype):
    model = flowcolor_tiny().eval()
    sketch, reference = torch.rand(2, 1, 3, 32, 32)
    expected = model.colorize(sketch, reference)
    model.to(dtype)
    with torch.no_grad():
        assert_close(model.colorize(sketch, reference), expected, rtol=0, atol=0.05)
        z, conditions = model.encode_color(reference)
        assert_close(model.decode(z, conditions), reference, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in COUPLED if CASES[name].condition])
def test_half_precision_works_under_autocast_to_another_type(name):
    sample = Sample(batch=2, sides=(2, 2), seed=0, scale=1.0, offset=0.0)
    x, condition = CASES[name].inputs(sample)
    layer = CASES[name].settled(sample).half()
    expected, _ = layer(x, condition)
    with torch.autocast("cpu", torch.bfloat16):
        y, _ = layer(x, condition)
    assert_close(y, expected, rtol=0.05, atol=0.05)
