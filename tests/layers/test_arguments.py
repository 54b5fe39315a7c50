"""What constructors cannot use is refused in one sentence, when a layer is built.

A layer that is built with them would fail later, in an operator's words, or compute nonsense.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.bounds import whole_within, within
from flowcolor.layers import (
    ActNorm,
    AdaIN,
    AffineCoupling,
    AttentionAggregation,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    FeatureAggregation,
    HaarDownsample,
    Inverted,
    InvertibleConv1x1,
    NoAggregation,
    OrthogonalDownsample,
    Partial,
    SplineCoupling,
    Squeeze,
    ZeroConv2d,
)
from flowcolor.models.iunet_flow import iunet_flow
from flowcolor.models.residual_net import ResidualNet

NET = nn.Conv2d(2, 4, kernel_size=1)
COUNTS = {
    "ActNorm.channels": ActNorm,
    "InvertibleConv1x1.channels": InvertibleConv1x1,
    "HaarDownsample.channels": HaarDownsample,
    "OrthogonalDownsample.channels": OrthogonalDownsample,
    "OrthogonalDownsample.factor": lambda n: OrthogonalDownsample(2, n),
    "Squeeze.factor": Squeeze,
    "FeatureAggregation.channels": lambda n: FeatureAggregation(n, 3),
    "FeatureAggregation.condition_channels": lambda n: FeatureAggregation(3, n),
    "ConcatAggregation.channels": lambda n: ConcatAggregation(n, 3),
    "ConcatAggregation.condition_channels": lambda n: ConcatAggregation(3, n),
    "AdaIN.channels": lambda n: AdaIN(n, 3),
    "AdaIN.condition_channels": lambda n: AdaIN(3, n),
    "AttentionAggregation.channels": lambda n: AttentionAggregation(n, 3),
    "AttentionAggregation.condition_channels": lambda n: AttentionAggregation(3, n),
    "Chain.anchor_every": lambda n: Chain([], "reversible", n),
    "ResidualNet.channels": lambda n: ResidualNet(n, 3),
    "ResidualNet.out_channels": lambda n: ResidualNet(3, n),
}
NUMBERS = {
    "AffineCoupling.clamp": lambda v: AffineCoupling(NET, clamp=v),
    "HaarDownsample.rebalance": lambda v: HaarDownsample(3, v),
    "SplineCoupling.bound": lambda v: SplineCoupling(NET, bound=v),
    "ZeroConv2d.padding_value": lambda v: ZeroConv2d(3, 3, padding_value=v),
    "FeatureAggregation.attention_scale": lambda v: FeatureAggregation(2, 3, v),
    "ResidualNet.norm_eps": lambda v: ResidualNet(2, 3, norm_eps=v),
}
MODULES = {
    "AffineCoupling.net": AffineCoupling,
    "AffineCoupling.shift_net": lambda m: AffineCoupling(NET, m),
    "ConditionalAffineCoupling.net": lambda m: ConditionalAffineCoupling(m, NoAggregation()),
    "ConditionalAffineCoupling.aggregate": lambda m: ConditionalAffineCoupling(NET, m),
    "ConditionalAffineCoupling.shift_net": lambda m: ConditionalAffineCoupling(
        NET, NoAggregation(), m
    ),
}
SIZES = {
    "AttentionAggregation.heads": lambda n: AttentionAggregation(2, 3, n),
    "AttentionAggregation.head_channels": lambda n: AttentionAggregation(2, 3, head_channels=n),
    "AttentionAggregation.max_tokens": lambda n: AttentionAggregation(2, 3, max_tokens=n),
}
FLAGS = {
    "InvertibleConv1x1.learn": lambda v: InvertibleConv1x1(3, learn=v),
    "OrthogonalDownsample.shared": lambda v: OrthogonalDownsample(3, shared=v),
}
DIMS = {
    "HaarDownsample.dims": lambda v: HaarDownsample(3, dims=v),
    "Squeeze.dims": lambda v: Squeeze(dims=v),
}
LAYERS = {
    "Chain.layers": lambda v: Chain([ActNorm(2), v]),
    "Inverted.layer": Inverted,
}


def cases(builders, values):
    return [
        pytest.param(name, build, value, id=f"{name}={value!r}"[:60])
        for name, build in builders.items()
        for value in values
    ]


@pytest.mark.parametrize(
    ("name", "build", "value"),
    [
        *cases(COUNTS, [0, -1, 64.5, 2.0, math.nan, math.inf, True, "3"]),
        *cases(NUMBERS, [math.nan, math.inf, -math.inf, "0.1", True, 10**400, 2**63, -(10**30)]),
        *cases(NUMBERS, [Fraction(1, 2)]),
        *cases({"ResidualNet.norm_eps": NUMBERS["ResidualNet.norm_eps"]}, [-0.1, 0.0, 0]),
        *cases(MODULES, [torch.tanh, "net", 3, nn.Conv2d]),
        *cases(LAYERS, [nn.Conv2d(2, 2, kernel_size=1), None, "ActNorm", ActNorm]),
        *cases(SIZES, [64.5, 2.0, math.nan, math.inf, True, "3", None]),
        *cases(FLAGS, [0, 1, None, "yes", math.nan, torch.tensor(1)]),
        *cases(DIMS, [True, 0, 4, 2.5, "2", None, torch.tensor(2)]),
        ("Chain.layers", Chain, torch.tensor(2)),
        ("Chain.layers", Chain, np.array(2)),
        ("Chain.memory", lambda v: Chain([], v), nn.Identity()),
        ("Chain.layers", Chain, ActNorm(2)),
        ("Chain.layers", Chain, None),
        ("Chain.layers", Chain, 3),
        ("InvertibleConv1x1.parametrization", lambda v: InvertibleConv1x1(3, v), ["full"]),
        ("InvertibleConv1x1.parametrization", lambda v: InvertibleConv1x1(3, v), None),
        ("AffineCoupling.scale", lambda v: AffineCoupling(NET, scale=v), ["exp"]),
        ("Chain.memory", lambda v: Chain([], v), ["none"]),
    ],
)
def test_what_cannot_be_meant_is_refused(name, build, value):
    layer, argument = name.split(".")
    with pytest.raises(ValueError, match=rf"^{layer} expects {argument} to be .*, got .*\.$"):
        build(value)


def test_builders_are_called_by_their_names():
    with pytest.raises(ValueError, match=r"^iunet_flow expects couplings to be a whole number"):
        iunet_flow((4, 8), couplings=0)


@pytest.mark.parametrize("build", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("number", [np.int64(2), np.int8(12), np.uint8(12)], ids=repr)
def test_whole_numbers_of_other_libraries_are_not_refused(build, number):
    built = build(number), build(int(number))  # Times 4, the square of 12 is beyond a byte.
    first, second = ([tuple(p.shape) for p in one.parameters()] for one in built)
    assert first == second


def test_layers_compute_with_sizes_of_a_byte_which_are_not_refused():
    for built, shape in (
        (ActNorm(np.uint8(200)), (2, 200, 3)),
        (InvertibleConv1x1(np.int8(100)), (2, 100, 3)),
        (Squeeze(np.int8(12)), (2, 3, 12, 24)),
        (HaarDownsample(np.uint8(100)), (2, 100, 2, 2)),
        (Partial(ActNorm(56), passed=np.uint8(200)), (2, 256, 3)),
    ):
        x = torch.randn(shape)
        assert_close(built.eval().inverse(built(x)[0])[0], x, rtol=0, atol=1e-4)


@pytest.mark.parametrize("scale", ["bounded", "atan"])
def test_numbers_of_half_precision_are_not_refused_and_round_nothing(scale):
    clamp, x = np.float16(1.3), torch.randn(2, 4, 3, 3)
    ours, theirs = (
        AffineCoupling(nn.Conv2d(2, 4, 1), scale=scale, clamp=c) for c in (float(clamp), clamp)
    )
    theirs.load_state_dict(ours.state_dict())
    for found, expected in zip(theirs(x), ours(x), strict=True):
        assert torch.equal(found, expected)


def test_sizes_of_numpy_that_no_machine_holds_are_refused():
    with pytest.raises(ValueError, match=r"^InvertibleConv1x1 expects channels that give up to 4 "):
        InvertibleConv1x1(np.int64(2**32))  # Whose square is 0 where 64 bits are all.


LONG = {
    "number": 10**5000,
    "list": [10**5000],
    "tensor": torch.zeros(9, 9),
    "array": np.zeros((9, 9)),
    "word": "x" * 999,
}


@pytest.mark.parametrize("kind", LONG)
def test_what_is_long_is_refused_in_a_short_sentence(kind):
    for build, name in (
        (AffineCoupling, "net"),
        (lambda bound: SplineCoupling(nn.Identity(), bound=bound), "bound"),
        (lambda memory: Chain([], memory), "memory"),
        (lambda size: whole_within("size", size, 1, 9), "size"),
        (lambda size: within("size", size, 1, 9), "size"),
    ):
        with pytest.raises(ValueError, match=rf"expects {name} |^{name} expects ") as refused:
            build(**{name: LONG[kind]})
        assert len(str(refused.value)) < 200
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("condition", [5, "x", {"a": 1}, object(), np.zeros((2, 4))])
def test_conditions_that_are_neither_tensors_nor_lists_are_refused(condition):
    chain = Chain([ConditionalAffineCoupling(NET, NoAggregation())])
    for run in (chain, chain.inverse):
        with pytest.raises(ValueError, match=r"expects a condition to be a tensor or a list"):
            run(torch.randn(2, 4, 2, 2), condition)


@pytest.mark.parametrize(
    "kind", [FeatureAggregation, ConcatAggregation, AdaIN, AttentionAggregation]
)
def test_what_aggregations_cannot_use_is_refused(kind):
    fuse = kind(2, 3)
    x, condition = torch.rand(2, 2, 4, 4), torch.rand(2, 3, 4, 4)
    for given, message in (
        ((x, None), "expects a condition, a tensor, got None"),
        (
            (x, condition.to("meta")),
            "expects a condition on the device of its input, cpu",
        ),
        ((x[0], condition[0]), "expects an input of shape"),
        ((x[..., None], condition[..., None]), "expects an input of shape .* width"),
    ):
        with pytest.raises(ValueError, match=f"^{type(fuse).__name__} {message}"):
            fuse(*given)
    assert torch.equal(fuse(x, condition.double()), fuse(x, condition))
