"""What every layer promises, over shapes, seeds and edge cases, on perturbed weights."""

import copy
import pickle

import pytest
import torch
from hypothesis import given
from torch import Tensor
from torch.autograd import gradcheck
from torch.autograd.functional import jacobian
from torch.func import functional_call, grad, jacfwd, jvp, vmap
from torch.testing import assert_close
from torch.utils import _pytree as pytree

from flowcolor import layers
from flowcolor.layers import Chain, Inverted, InvertibleLayer
from flowcolor.testing import check_invertible
from tests.layers.cases import CASES, couplings
from tests.strategies import Sample, at_most, samples

# Bounds of round trips in float32, relative to the largest value (at least 1). With networks in
# bfloat16 a chain is worse than its layers: an error of 1e-7 can tip a rounding in the next one.
FLOAT32 = 2e-5
AUTOCAST_CHAIN = 2e-2

PLAIN = Sample(batch=3, sides=(2, 1), seed=0, scale=1.0, offset=0.0)
few = at_most(5)
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def directions(layer, inputs):
    """Yield the layer and its opposite, each with its input and the conditions."""
    x, conditions = inputs
    yield layer, x, conditions
    yield Inverted(layer), layer(x, conditions)[0].detach(), conditions


def double(tree):
    return pytree.tree_map_only(Tensor, Tensor.double, tree)


@every_case
@given(sample=samples())
@at_most(8)
def test_invertible_with_the_log_det_of_its_jacobian(case, sample):
    check_invertible(case.settled(sample), *case.inputs(sample))


@every_case
@given(sample=samples())
@at_most(3)
def test_gradients_are_those_of_finite_differences(case, sample):
    for layer, *inputs in directions(case.settled(sample).double(), double(case.inputs(sample))):
        names = [name for name, _ in layer.named_parameters()]
        values, spec = pytree.tree_flatten((*inputs, list(layer.parameters())))

        def run(*values, layer=layer, names=names, spec=spec):
            x, condition, parameters = pytree.tree_unflatten(values, spec)
            weights = dict(zip(names, parameters, strict=True))
            y, logdet = functional_call(layer, weights, (x, condition))
            return y, logdet + 0 * y.flatten(1).sum(1)  # Without a graph gradcheck would skip it.

        leaves = [None if v is None else v.detach().requires_grad_() for v in values]
        assert gradcheck(run, leaves, fast_mode=True)


@every_case
@given(sample=samples())
def test_float32_round_trip(case, sample):
    settled = case.settled(sample)
    for layer, *inputs in directions(settled, case.inputs(sample)):
        check_round_trip(layer.train(), *inputs, FLOAT32)
        with torch.no_grad():
            check_round_trip(layer.eval(), *inputs, FLOAT32)


@every_case
@given(sample=samples())
@few
def test_round_trip_survives_autocast_to_bfloat16(case, sample):
    chained = couplings(case.layer(0)) and any(
        isinstance(m, Chain) for m in case.layer(0).modules()
    )
    bound = AUTOCAST_CHAIN if chained else FLOAT32
    with torch.autocast("cpu", torch.bfloat16):
        for layer, x, conditions in directions(case.settled(sample), case.inputs(sample)):
            check_round_trip(layer, x, conditions, bound)
            check_round_trip(layer, x.bfloat16(), conditions, bound)


def check_round_trip(layer, x, conditions, bound):
    y, logdet = layer(x, conditions)
    again, logdet_back = layer.inverse(y, conditions)
    assert {t.dtype for t in (y, logdet, again, logdet_back)} == {torch.float32}
    limit = bound * max(1.0, x.abs().max().item(), y.abs().max().item())
    assert_close(again, x.float(), rtol=0, atol=limit)
    assert_close(logdet_back, -logdet, rtol=bound, atol=bound * x[0].numel())


@every_case
@given(sample=samples())
@few
def test_half_precision_inputs_are_widened(case, sample):
    for layer, x, conditions in directions(case.settled(sample), case.inputs(sample)):
        for half in (x.bfloat16(), x.clamp(-6e4, 6e4).half()):
            results = layer(half, conditions)
            assert_close(results, layer(half.float(), conditions), rtol=0, atol=0)
            assert results[0].dtype == results[1].dtype == torch.float32


@pytest.mark.parametrize("name", [name for name, c in CASES.items() if not couplings(c.layer(0))])
@given(sample=samples())
@few
def test_half_precision_weights_keep_the_round_trip(name, sample):
    case = CASES[name]
    for layer, *inputs in directions(case.settled(sample).bfloat16(), case.inputs(sample)):
        check_round_trip(layer, *inputs, FLOAT32)
        results = layer(*inputs)
        assert_close(results, layer.float()(*inputs), rtol=FLOAT32, atol=FLOAT32)
        layer.bfloat16()


@pytest.mark.parametrize("name", [name for name, c in CASES.items() if not couplings(c.layer(0))])
@given(sample=samples())
@few
def test_half_precision_weights_beside_wider_buffers_keep_the_round_trip(name, sample):
    """A policy of mixed precision rounds the parameters alone."""
    case = CASES[name]
    layer = case.settled(sample).double()
    for parameter in layer.parameters():
        parameter.data = parameter.data.bfloat16()
    for direction, *inputs in directions(layer, case.inputs(sample)):
        check_round_trip(direction, *inputs, FLOAT32)


@every_case
@given(sample=samples(min_batch=2))
@few
def test_samples_do_not_influence_each_other_in_training(case, sample):
    for layer, *inputs in directions(case.settled(sample).double(), double(case.inputs(sample))):
        together = layer(*inputs)
        for i in range(sample.batch):
            alone = layer(*pytree.tree_map_only(Tensor, lambda t, i=i: t[i : i + 1], inputs))
            assert_close([t[0] for t in alone], [t[i] for t in together], rtol=1e-9, atol=1e-9)


@every_case
@given(sample=samples())
@few
def test_tensors_of_the_caller_are_left_alone(case, sample):
    for layer, *inputs in directions(case.layer(sample.seed), case.inputs(sample)):
        before = copy.deepcopy(inputs)
        versions = [t._version for t in pytree.tree_leaves(inputs) if t is not None]
        layer(*inputs)  # The first training batch, too.
        layer.eval()(*inputs)
        assert_close(inputs, before, rtol=0, atol=0)
        assert versions == [t._version for t in pytree.tree_leaves(inputs) if t is not None]


@every_case
def test_condition_is_demanded_or_ignored(case):
    for layer, x, conditions in directions(case.settled(PLAIN), case.inputs(PLAIN)):
        if conditions is None:
            assert_close(layer(x, torch.full([len(x)], torch.nan)), layer(x), rtol=0, atol=0)
        else:
            with pytest.raises(ValueError, match="expects a condition, got None"):
                layer(x)


@every_case
@given(sample=samples())
@few
def test_copies_and_pickles_do_the_same_and_live_apart(case, sample):
    x, conditions = case.inputs(sample)
    for original in (case.settled(sample), case.layer(sample.seed)):
        twins = copy.deepcopy(original), pickle.loads(pickle.dumps(original))
        expected = outcomes(original, x, conditions)
        for twin in twins:
            assert_close(outcomes(twin, x, conditions), expected, rtol=0, atol=0)


@every_case
@given(sample=samples())
@few
def test_state_dict_carries_everything_learned(case, sample):
    layer, (x, conditions) = case.settled(sample), case.inputs(sample)
    state = copy.deepcopy(layer.state_dict())
    plain = {name: value for name, value in state.items() if not name.endswith("initialized")}
    expected = outcomes(layer, x, conditions)
    for weights in (state, plain):  # Without the flag they count as initialised.
        fresh = case.layer(sample.seed + 1)
        fresh.load_state_dict(weights)
        assert_close(outcomes(fresh, x, conditions), expected, rtol=0, atol=0)


@every_case
@given(sample=samples())
@few
def test_untrained_state_dict_starts_over(case, sample):
    x, conditions = case.inputs(sample)
    untrained, layer = case.layer(sample.seed), case.settled(sample)
    layer.load_state_dict(untrained.state_dict())
    expected = outcomes(untrained, x, conditions)
    assert_close(outcomes(layer, x, conditions), expected, rtol=0, atol=0)


@every_case
@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_vmap_over_images_is_the_batch(case, context):
    for layer, *inputs in directions(case.settled(PLAIN).double(), double(case.inputs(PLAIN))):
        with context():
            mapped = vmap(lambda *image, run=layer: first(run(*map(alone, image))), axes(inputs))
            for run in (layer, layer.eval()):
                assert_close(mapped(*inputs), run(*inputs), rtol=1e-9, atol=1e-9)


@every_case
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
def test_forward_mode_and_jacobians_are_those_of_backward_mode(case):
    for layer, *inputs in directions(case.settled(PLAIN).double(), double(case.inputs(PLAIN))):
        x, condition = pytree.tree_map_only(Tensor, lambda t: t[:1], inputs)
        expected = jacobian(lambda t, c=condition, run=layer: run(t, c), x)
        assert_close(jacfwd(layer)(x, condition), expected, rtol=1e-8, atol=1e-8)
        tangent = torch.randn_like(x)
        _, products = jvp(lambda t, c=condition, run=layer: run(t, c), (x,), (tangent,))
        dims = list(range(-x.ndim, 0)), list(range(x.ndim))
        right = tuple(torch.tensordot(j, tangent, dims) for j in expected)
        assert_close(products, right, rtol=1e-8, atol=1e-8)


@every_case
def test_gradients_per_sample_are_those_of_one_after_the_other(case):
    for layer, *inputs in directions(case.settled(PLAIN).double(), double(case.inputs(PLAIN))):
        weights = {name: p.detach() for name, p in layer.named_parameters()}

        def loss(weights, *image, layer=layer):
            y, logdet = functional_call(layer, weights, tuple(map(alone, image)))
            return y.square().sum() + logdet.sum()

        each = vmap(grad(loss, argnums=(0, 1)), (None, *axes(inputs)))(weights, *inputs)
        for i in range(len(inputs[0])):
            x, condition = pytree.tree_map_only(Tensor, lambda t, i=i: t[i : i + 1], inputs)
            values = {name: w.clone().requires_grad_() for name, w in weights.items()}
            x = x.clone().requires_grad_()
            y, logdet = functional_call(layer, values, (x, condition))
            found = torch.autograd.grad(
                y.square().sum() + logdet.sum(), [x, *values.values()], allow_unused=True
            )
            assert_close(each[1][i], found[0][0], rtol=1e-9, atol=1e-9)
            for name, right in zip(values, found[1:], strict=True):
                right = torch.zeros_like(weights[name]) if right is None else right
                assert_close(each[0][name][i], right, rtol=1e-9, atol=1e-9)


def axes(inputs):
    """Return the axis of the images, as vmap wants to be told it."""
    return tuple(pytree.tree_map(lambda t: None if t is None else 0, inputs))


def alone(tree):
    """Return one image, or its conditions, as a batch."""
    return pytree.tree_map_only(Tensor, lambda t: t[None], tree)


def first(tree):
    """Undo :func:`alone`."""
    return pytree.tree_map_only(Tensor, lambda t: t[0], tree)


def outcomes(layer, x, conditions):
    """Return the results of two steps of training and of evaluation, in both directions."""
    first = layer(x, conditions)
    steps = [first, layer.inverse(first[0], conditions), layer(2 * x, conditions)]
    return [*steps, layer.eval()(x, conditions), layer.inverse(first[0], conditions)]


# What these add to others is another number, but no other line of code.
TRACED_LIKE_OTHERS = {
    "ActNorm, one channel",
    "InvertibleConv1x1, one channel",
    "AffineCoupling, odd channels",
    "AffineCoupling, odd channels, two networks",
    "ConditionalAffineCoupling, FAM to the letter",
    "ConditionalAffineCoupling, odd channels",
    "ConditionalActNorm, vectors",
    "ConditionalConv1x1, vectors",
    "OrthogonalDownsample, factor 3",
    "HaarDownsample, 1-D",
    "Squeeze, factor 3",
    "Squeeze, 1-D",
    "Chain",
    "Chain, resampling",
    "Chain, list of conditions",  # As the nested one takes.
}
TRACED = [name for name in CASES if name not in TRACED_LIKE_OTHERS and "Inverted" not in name]


@pytest.mark.compiled
@pytest.mark.parametrize("name", TRACED)
def test_compiles_without_graph_breaks(name):
    torch._dynamo.reset()
    case = CASES[name]
    for layer, *inputs in directions(case.settled(PLAIN), case.inputs(PLAIN)):
        layer(*inputs)
        for mode in (True, False):
            layer.train(mode)
            run = torch.compile(layer.forward, fullgraph=True, backend="eager")
            assert_close(run(*inputs), layer(*inputs))


def test_no_layer_escapes_this_file():
    public = {getattr(layers, name) for name in layers.__all__}
    invertible = {kind for kind in public if issubclass(kind, InvertibleLayer)}
    assert {type(case.layer(0)) for case in CASES.values()} == invertible - {InvertibleLayer}
