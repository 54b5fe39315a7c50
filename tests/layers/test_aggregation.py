"""The aggregations, against dense formulas in numpy; and what all of them have in common."""

import copy
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from torch import nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.testing import assert_close

from flowcolor import layers
from flowcolor.layers import (
    AdaIN,
    AttentionAggregation,
    ConcatAggregation,
    FeatureAggregation,
    HintedAggregation,
    InvertibleLayer,
    NoAggregation,
)
from tests.strategies import at_most, samples

CASES = {
    "FeatureAggregation": lambda: FeatureAggregation(2, 5),
    "FeatureAggregation, to the letter": lambda: FeatureAggregation(2, 5, attention_scale=1.0),
    "ConcatAggregation": lambda: ConcatAggregation(2, 5),
    "AdaIN": lambda: AdaIN(2, 5),
    "NoAggregation": lambda: NoAggregation(),
    "AttentionAggregation": lambda: AttentionAggregation(2, 5, heads=2, head_channels=3),
    "HintedAggregation": lambda: HintedAggregation(ConcatAggregation(2, 5), 2, 5, 3),
    "AttentionAggregation, capped": lambda: AttentionAggregation(2, 5, 1, 3, max_tokens=2),
}
every_case = pytest.mark.parametrize("build", CASES.values(), ids=CASES)


def drawn(build, sample):
    torch.manual_seed(sample.seed)
    sides = (*sample.sides, 1, 1)[:2]
    return build().double(), *(sample.tensor(c, sides=sides).double() for c in (2, 5))


@every_case
@given(sample=samples())
def test_shape_of_the_drawing_is_kept_and_so_are_the_tensors(build, sample):
    fuse, x, condition = drawn(build, sample)
    before = x.clone(), condition.clone()
    y = fuse(x, condition)
    channels = 4 if isinstance(fuse, AttentionAggregation) else 2
    assert y.shape == (x.shape[0], channels, *x.shape[2:])
    assert y.dtype == x.dtype
    assert y.isfinite().all()
    assert_close((x, condition), before, rtol=0, atol=0)


@every_case
@given(sample=samples(min_batch=2))
def test_images_do_not_influence_each_other(build, sample):
    fuse, x, condition = drawn(build, sample)
    together = fuse(x, condition)
    for i in range(sample.batch):
        assert_close(fuse(x[i : i + 1], condition[i : i + 1])[0], together[i], rtol=1e-9, atol=1e-9)


@every_case
@given(sample=samples())
@at_most(5)
def test_gradients_are_those_of_finite_differences(build, sample):
    fuse, x, condition = drawn(build, sample)
    names, parameters = [n for n, _ in fuse.named_parameters()], list(fuse.parameters())

    def run(x, condition, *values):
        return functional_call(fuse, dict(zip(names, values, strict=True)), (x, condition))

    inputs = [t.detach().requires_grad_() for t in (x, condition, *parameters)]
    assert gradcheck(run, inputs, fast_mode=True)


@pytest.mark.compiled
@every_case
def test_compiles_without_graph_breaks_and_copies(build):
    torch._dynamo.reset()
    fuse, x, condition = build(), torch.randn(2, 2, 3, 3), torch.randn(2, 5, 3, 3)
    run = torch.compile(fuse, fullgraph=True, backend="eager")
    for twin in (run, copy.deepcopy(fuse), pickle.loads(pickle.dumps(fuse))):
        assert_close(twin(x, condition), fuse(x, condition))


@every_case
def test_wrong_shapes_are_refused_in_words(build):
    fuse, x, condition = build(), torch.randn(2, 2, 3, 3), torch.randn(2, 5, 3, 3)
    name = type(getattr(fuse, "aggregate", fuse)).__name__
    if name == "NoAggregation":
        assert fuse(x, torch.empty(0)) is x
        return
    wrongs, sides = [condition[:1], condition[:, :4], condition[0]], "height, width"
    if name != "AttentionAggregation":
        wrongs, sides = [*wrongs, condition[:, :, :2]], "3, 3"
    for wrong in wrongs:
        got = re.escape(str(tuple(wrong.shape)))
        expected = rf"^{name} expects a condition of shape \(2, 5, {sides}\), got {got}\.$"
        with pytest.raises(ValueError, match=expected):
            fuse(x, wrong)
    with pytest.raises(ValueError, match=rf"^{name} expects an input of shape \(batch, 2,"):
        fuse(x[:, :1], condition)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def mlp(net, x):
    """Apply convolution, ReLU and convolution to channels x tokens."""
    first, _, last = net
    w1, b1, w2, b2 = (
        p.detach().numpy() for p in (first.weight, first.bias, last.weight, last.bias)
    )
    hidden = np.maximum(w1[:, :, 0, 0] @ x + b1[:, None], 0)
    return w2[:, :, 0, 0] @ hidden + b2[:, None]


@pytest.mark.parametrize("letter", [True, False])
@given(sample=samples(max_side=4))
def test_fam_follows_equations_3_11_to_3_16(letter, sample):
    torch.manual_seed(sample.seed)
    d, sides = 3, (*sample.sides, 2, 3)[:2]
    fam = FeatureAggregation(d, 4, attention_scale=1.0 if letter else None).double()
    x, condition = (sample.tensor(c, sides=sides).double() for c in (d, 4))
    tokens = x[0, 0].numel()
    expected = []
    for image, color in zip(x.flatten(2).numpy(), condition.flatten(2).numpy(), strict=True):
        q, k = mlp(fam.query, image), mlp(fam.key, color)
        spatial = softmax(q.T @ k / (1 if letter else np.sqrt(d)))  # 3.11
        channel = softmax(q @ k.T / (1 if letter else np.sqrt(tokens)))  # 3.12
        fuse_s = (spatial @ mlp(fam.spatial_value, k).T).T  # 3.13
        fuse_c = channel @ mlp(fam.channel_value, k)  # 3.14
        fused = fuse_s + fuse_c  # 3.15
        expected.append(image * (1 / (1 + np.exp(-fused)) + 1))  # 3.16
    expected = torch.from_numpy(np.stack(expected)).view_as(x)
    assert_close(fam(x, condition), expected, rtol=1e-8, atol=1e-8)


def test_fam_hides_four_times_its_input_and_has_the_parameters_of_the_thesis():
    fam = FeatureAggregation(96, 192)
    widths = [
        (net[0].in_channels, net[0].out_channels, net[2].out_channels) for net in fam.children()
    ]
    assert widths == [(96, 384, 96), (192, 768, 96), (96, 384, 96), (96, 384, 96)]
    count = sum(p.numel() for p in fam.parameters())
    assert round(count, -2) == 444_700  # The specification, section 4.


def test_fam_never_stores_the_spatial_attention():
    """16384 tokens squared would be a gigabyte in float32."""
    fam, x = FeatureAggregation(2, 2), torch.randn(1, 2, 64, 64)
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: sizes.append(t.numel()) or t, lambda t: t
    ):
        fam(x, x)
    assert max(sizes) < 4096 * 100


def by_hand(fuse, image, color):
    """Attend with numpy; images are channels x height x width."""

    def with_positions(image):
        axes = [(2 * np.arange(n) + 1) / n - 1 for n in image.shape[1:]]
        v, u = np.meshgrid(*axes, indexing="ij")
        waves = [np.sin(np.pi * u), np.cos(np.pi * u), np.sin(np.pi * v), np.cos(np.pi * v)]
        return np.concatenate([image, np.stack([u, v, u**2, v**2, *waves])]).reshape(
            len(image) + 8, -1
        )

    def linear(layer, x):
        return layer.weight.detach().numpy()[:, :, 0, 0] @ x + layer.bias.detach().numpy()[:, None]

    q, k = mlp(fuse.query, with_positions(image)), mlp(fuse.key, with_positions(color))
    v = linear(fuse.value, color.reshape(len(color), -1))
    heads = [
        (softmax(a.T @ b / np.sqrt(len(a))) @ c.T).T
        for a, b, c in zip(*(np.split(t, fuse.heads) for t in (q, k, v)), strict=True)
    ]
    attended = linear(fuse.out, np.concatenate(heads))
    gate = 1 + 1 / (1 + np.exp(-linear(fuse.gate, attended)))
    return np.concatenate([image.reshape(len(image), -1) * gate, attended])


@given(sample=samples(max_side=4))
def test_attention_follows_its_formula_for_conditions_of_any_size(sample):
    torch.manual_seed(sample.seed)
    sides = (*sample.sides, 2, 3)[:2]
    fuse = AttentionAggregation(3, 4, heads=2, head_channels=5).double()
    x, condition = sample.tensor(3, sides=sides).double(), sample.tensor(4, sides=(3, 5)).double()
    expected = [by_hand(fuse, *pair) for pair in zip(x.numpy(), condition.numpy(), strict=True)]
    assert_close(fuse(x, condition).flatten(2), torch.from_numpy(np.stack(expected)))


def test_attention_looks_at_so_many_places_at_most_each_the_mean_of_an_area():
    fuse = AttentionAggregation(2, 3, max_tokens=6).double()
    x, condition = torch.randn(1, 2, 3, 3).double(), torch.randn(1, 3, 4, 6).double()
    areas = condition.unflatten(3, (3, 2)).unflatten(2, (2, 2)).mean((3, 5))
    assert areas.shape == (1, 3, 2, 3)
    assert_close(fuse(x, condition), fuse(x, areas))
    narrow = torch.randn(1, 3, 1, 60).double()
    assert_close(fuse(x, narrow), fuse(x, narrow.unflatten(3, (6, 10)).mean(4)))
    assert_close(fuse(x, narrow.mT), fuse(x, narrow.unflatten(3, (6, 10)).mean(4).mT))
    sizes = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: sizes.append(t.numel()) or t, lambda t: t
    ):
        fuse(torch.randn(1, 2, 32, 32).double(), torch.randn(1, 3, 256, 256).double())
    assert max(sizes) < 1024 * 256  # Neither all queries by all places, nor all places' keys.


def test_attention_tells_equal_paper_at_two_places_apart():
    fuse = AttentionAggregation(2, 3)
    fetched = fuse(torch.ones(1, 2, 4, 4), torch.randn(1, 3, 4, 4))[0, 2:]
    assert fetched.flatten(1).std(1).min() > 1e-4


def test_attention_needs_sizes_above_nothing():
    with pytest.raises(ValueError, match=r"of at least 1, got 4, 0 and 1024\.$"):
        AttentionAggregation(2, 3, head_channels=0)


def test_adain_gives_the_statistics_of_the_projected_condition():
    fuse, x, condition = AdaIN(3, 4), 5 + torch.randn(2, 3, 9, 9), torch.randn(2, 4, 9, 9)
    y, style = fuse(x, condition), fuse.project(condition)
    assert_close(y.mean((2, 3)), style.mean((2, 3)))
    assert_close(y.std((2, 3)), style.std((2, 3)), rtol=1e-3, atol=1e-4)
    normal = (x - x.mean((2, 3), keepdim=True)) / x.std((2, 3), keepdim=True)
    normal_y = (y - y.mean((2, 3), keepdim=True)) / y.std((2, 3), keepdim=True)
    assert_close(normal_y, normal, rtol=0, atol=1e-3)  # Same picture, other statistics.


def test_concat_is_a_pointwise_mix_of_both():
    fuse, x, condition = ConcatAggregation(3, 4), torch.randn(2, 3, 5, 5), torch.randn(2, 4, 5, 5)
    both = torch.cat([x, condition], 1)
    expected = torch.einsum("oi,bihw->bohw", fuse.mix.weight[:, :, 0, 0], both)
    assert_close(fuse(x, condition), expected + fuse.mix.bias[:, None, None])


def test_no_aggregation_escapes_this_file():
    public = {getattr(layers, name) for name in layers.__all__}
    aggregations = {kind for kind in public if not issubclass(kind, InvertibleLayer)}
    aggregations -= {layers.ZeroConv2d}  # Only a part of networks.
    assert {type(build()) for build in CASES.values()} == aggregations
    assert all(issubclass(kind, nn.Module) for kind in aggregations)
