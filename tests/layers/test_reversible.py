"""The three memory modes give the same results and the same gradients of everything."""

import copy
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.func import functional_call
from torch.nn.utils import parametrize
from torch.testing import assert_close
from torch.utils import _pytree as pytree
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConcatAggregation,
    ConditionalAffineCoupling,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    Squeeze,
)
from tests.layers.cases import CASES, conv_net
from tests.layers.memory_modes import MODES, assert_same, gradients, outcome, probe
from tests.layers.random_chains import Bend, Same, flows, glow, settle
from tests.layers.test_contract import PLAIN
from tests.strategies import at_most, samples

DOUBLE, SINGLE = 1e-12, 1e-5
# Splines and what networks predict magnify rounding errors, layer by layer.
STEEP_DOUBLE, STEEP_SINGLE = 1e-10, 1e-4

both_directions = pytest.mark.parametrize("inverse", [False, True])
every_mode = pytest.mark.parametrize("mode", MODES)


@both_directions
@given(flow=flows())
@settings(max_examples=40)
def test_modes_agree_in_float64(inverse, flow):
    check_modes(*flow.make(), inverse=inverse, bound=DOUBLE)


@both_directions
@given(flow=flows())
@settings(max_examples=20)
def test_modes_agree_in_float32(inverse, flow):
    chain, x, condition = pytree.tree_map_only(torch.Tensor, torch.Tensor.float, flow.make())
    check_modes(chain.float(), x, condition, inverse=inverse, bound=SINGLE)


@both_directions
@given(flow=flows(steep=True))
@settings(max_examples=40)
def test_modes_agree_in_float64_where_rounding_is_magnified(inverse, flow):
    check_modes(*flow.make(), inverse=inverse, bound=STEEP_DOUBLE)


@both_directions
@given(flow=flows(steep=True))
@settings(max_examples=20)
def test_modes_agree_in_float32_where_rounding_is_magnified(inverse, flow):
    chain, x, condition = pytree.tree_map_only(torch.Tensor, torch.Tensor.float, flow.make())
    check_modes(chain.float(), x, condition, inverse=inverse, bound=STEEP_SINGLE)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@given(sample=samples())
@at_most(5)
def test_modes_agree_on_every_layer_and_shape(case, sample):
    sample = replace(sample, offset=0.0, scale=1.0)  # The bound leaves no room for cancellation.
    layer = case.settled(sample).double()
    x, conditions = case.inputs(sample)
    x = x.double()
    if conditions is not None:
        several = isinstance(conditions, list)
        conditions = [c.double() for c in conditions] if several else conditions.double()
    for inverse in (False, True):
        check_modes(Chain([layer]), x, conditions, inverse=inverse, bound=DOUBLE)


def check_modes(chain, x, condition=None, *, inverse=False, loss=None, bound=DOUBLE):
    """Compare the modes; ``x`` is on the data side."""
    start = chain(x, condition)[0].detach() if inverse else x
    expected, *others = (
        outcome(chain, mode, start, condition, inverse=inverse, loss=loss) for mode in MODES
    )
    for other in others:
        assert_same(other, expected, bound)


@both_directions
def test_gradients_are_those_of_finite_differences(inverse):
    chain, x, conditions = glow()
    run = chain.inverse if inverse else chain
    start = chain(x, conditions)[0] if inverse else x
    inputs = [t.detach().requires_grad_() for t in (start, *conditions)]
    # The parameters themselves: gradcheck moves them in place.
    assert gradcheck(
        lambda x, c, d, *_: run(x, [c, d]), (*inputs, *chain.parameters()), fast_mode=True
    )


@both_directions
@pytest.mark.parametrize("term", ["result", "logdet"])
def test_either_term_alone_may_be_the_loss(term, inverse):
    def loss(y, logdet):
        return y.cos().sum() if term == "result" else logdet.square().sum()

    check_modes(*glow(), loss=loss, inverse=inverse)


@both_directions
def test_layers_may_share_parameters_and_occur_twice(inverse):
    net, norm, conv = conv_net(2, 4), ActNorm(4), InvertibleConv1x1(4)
    twins = AffineCoupling(net), AffineCoupling(net, scale="exp")
    half = conv_net(2, 2)
    both = AffineCoupling(half, half)
    chain = Chain([norm, conv, twins[0], Inverted(conv), norm, Chain([conv, twins[1]]), both])
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64)
    check_modes(settle(chain.double(), x), x, inverse=inverse)


class Shrunk(nn.Module):
    """A parametrization, as weight normalisation is one."""

    def forward(self, weight):
        return 0.9 * weight


@both_directions
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_parametrized_weights_get_their_gradients(case, inverse):
    chain, (x, conditions) = Chain([case.settled(PLAIN)]).double(), case.inputs(PLAIN)
    for part in list(chain.modules()):
        for name, _ in list(part.named_parameters(recurse=False)):
            parametrize.register_parametrization(part, name, Shrunk())
    x, conditions = pytree.tree_map_only(Tensor, Tensor.double, (x, conditions))
    check_modes(chain, x, conditions, inverse=inverse, bound=STEEP_DOUBLE)


@both_directions
def test_parametrized_weights_that_are_cached_get_their_gradients(inverse):
    chain = Chain([ActNorm(4), AffineCoupling(conv_net(2, 4))]).double()
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    chain(x)
    for part, name in [(chain[0], "loc"), (chain[0], "log_scale"), (chain[1].net[0], "weight")]:
        parametrize.register_parametrization(part, name, Shrunk())
    right = outcome(chain, "none", x, inverse=inverse)
    assert right["gradient of layers.0.parametrizations.loc.original"].any()
    for mode in MODES[1:]:
        with parametrize.cached():
            found = outcome(chain, mode, x, inverse=inverse)
            # What was computed without gradients has not stayed: others need some.
            assert chain[0].loc.requires_grad
        assert_same(found, right, 1e-10)


@both_directions
@pytest.mark.parametrize("frozen", ["layers.0", "layers.3.net", "layers.5.aggregate.key", "layers"])
def test_frozen_parameters_stay_frozen(frozen, inverse):
    chain, x, conditions = glow()
    chain.get_submodule(frozen).requires_grad_(False)
    check_modes(chain, x, conditions, inverse=inverse)
    assert all(p.grad is None for p in chain.get_submodule(frozen).parameters())


@both_directions
@pytest.mark.parametrize("wanted", [(), (0,), (1,), (2,), (0, 2), (1, 2)])
@pytest.mark.parametrize("frozen", [False, True])
def test_only_what_wants_a_gradient_gets_one(wanted, frozen, inverse):
    chain, x, conditions = glow()
    chain.requires_grad_(not frozen)
    found = {}
    for chain.memory in MODES:
        chain.zero_grad()
        inputs = [t.detach().requires_grad_(i in wanted) for i, t in enumerate([x, *conditions])]
        start = inputs[0]
        if inverse:
            start = chain(x, conditions)[0].detach().requires_grad_(0 in wanted)
            inputs[0] = start
        y, logdet = (chain.inverse if inverse else chain)(start, inputs[1:])
        assert y.requires_grad == (bool(wanted) or not frozen)
        if y.requires_grad:
            probe(y, logdet).backward()
        found[chain.memory] = gradients(chain) | {str(i): t.grad for i, t in enumerate(inputs)}
        assert [t.grad is not None for t in inputs] == [i in wanted for i in range(3)]
    for mode in MODES[1:]:
        assert_same(found[mode], found["none"], DOUBLE)


def test_autograd_grad_reaches_any_subset():
    chain, x, conditions = glow()
    expected = outcome(chain, "none", x, conditions)
    chain.memory = "reversible"
    inputs = [t.requires_grad_() for t in (x, *conditions)]
    names = ["input", "condition 0", "condition 1", *(name for name, _ in chain.named_parameters())]
    tensors = [*inputs, *chain.parameters()]
    loss = probe(*chain(x, conditions))
    for name, tensor in [*zip(names, tensors, strict=True)][::-1]:  # The last layers first.
        (alone,) = torch.autograd.grad(loss, tensor, retain_graph=True)
        assert_close(alone, expected[f"gradient of {name}"], rtol=1e-9, atol=1e-11)
    together = torch.autograd.grad(loss, tensors)
    wanted = [expected[f"gradient of {name}"] for name in names]
    assert_close(list(together), wanted, rtol=1e-9, atol=1e-11)
    assert all(tensor.grad is None for tensor in tensors)


def test_backward_twice_through_one_graph():
    chain, x, conditions = glow()
    loss = probe(*chain(x, conditions))
    loss.backward(retain_graph=True)
    once = {name: gradient.clone() for name, gradient in gradients(chain).items()}
    loss.backward()
    assert_close(gradients(chain), {name: 2 * gradient for name, gradient in once.items()})
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


@both_directions
def test_gradients_of_parts_add_up_and_are_clipped(inverse):
    chain, x, conditions = glow()
    whole, parts = chain, copy.deepcopy(chain)
    whole.memory = "none"
    start = chain(x, conditions)[0].detach() if inverse else x

    def loss(chain, rows):
        run = chain.inverse if inverse else chain
        y, logdet = run(start[rows], [c[rows] for c in conditions])
        return y.square().sum() + logdet.sum()

    loss(whole, slice(None)).backward()
    for i in range(len(x)):  # Accumulation: one backward for each part.
        loss(parts, slice(i, i + 1)).backward()
    assert_same(gradients(parts), gradients(whole), DOUBLE)
    both = copy.deepcopy(parts)
    both.zero_grad()
    sum(
        loss(both, slice(i, i + 1)) for i in range(len(x))
    ).backward()  # Two forwards, one backward.
    assert_same(gradients(both), gradients(whole), DOUBLE)
    norms = [nn.utils.clip_grad_norm_(c.parameters(), 0.1) for c in (whole, parts, both)]
    assert_close(norms[1:], norms[:1] * 2)
    assert_same(gradients(parts), gradients(whole), DOUBLE)


def test_both_directions_of_one_chain_in_one_graph():
    chain, x, conditions = glow()

    def loss(y, logdet):
        again, back = chain.inverse(y + 0.1, conditions)
        return probe(again, logdet + 2 * back)

    expected = outcome_of_both(chain, "none", x, conditions, loss)
    for mode in MODES[1:]:
        assert_same(outcome_of_both(chain, mode, x, conditions, loss), expected, DOUBLE)


def outcome_of_both(chain, mode, x, conditions, loss):
    chain.memory = mode
    chain.zero_grad()
    inputs = [t.detach().requires_grad_() for t in (x, *conditions)]
    y, logdet = chain(inputs[0], inputs[1:])
    loss(y, logdet).backward()
    return gradients(chain) | {str(i): t.grad for i, t in enumerate(inputs)}


def test_an_input_may_be_the_condition_too():
    chain = Chain([ConditionalAffineCoupling(conv_net(2, 4), ConcatAggregation(2, 4)), Bend(4)])
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64)
    settle(chain.double(), x, x)
    found = []
    for chain.memory in MODES:
        leaf = x.clone().requires_grad_()
        found.append(torch.autograd.grad(probe(*chain(leaf, leaf)), leaf)[0])
    assert_close(found[1:], found[:1] * 2, rtol=DOUBLE, atol=DOUBLE)


class Pair(InvertibleLayer):
    """A user's own layer that takes two conditions and is no chain."""

    num_conditions = 2

    def __init__(self):
        super().__init__()
        fusions = ConcatAggregation(2, 3), ConcatAggregation(2, 3)
        self.inside = Chain([ConditionalAffineCoupling(conv_net(2, 4), f) for f in fusions])

    def forward(self, x, condition=None):
        return self.inside(x, condition)

    def inverse(self, y, condition=None):
        return self.inside.inverse(y, condition)


@both_directions
@pytest.mark.parametrize("inside", MODES)
@pytest.mark.parametrize("several", [list, tuple])
def test_a_layer_of_the_user_may_take_several_conditions(several, inside, inverse):
    pair = Pair().double()
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64)
    conditions = several(torch.randn(2, 3, 2, 2, dtype=torch.float64) for _ in range(2))
    settle(pair, x, conditions)
    pair.inside.memory = inside
    check_modes(Chain([Squeeze(1), pair, Bend(4).double()]), x, conditions, inverse=inverse)


@pytest.mark.parametrize("around", ["hooks", "checkpoint", "copies on the host"])
def test_what_autograd_saves_may_be_packed(around):
    chain, x, conditions = glow()
    expected = outcome(chain, "none", x, conditions)
    for chain.memory in MODES:
        chain.zero_grad()
        if around == "checkpoint":
            result = checkpoint(chain, x, conditions, use_reentrant=False)
        else:
            packed = torch.autograd.graph.saved_tensors_hooks(torch.clone, torch.clone)
            on_host = torch.autograd.graph.save_on_cpu()
            with packed if around == "hooks" else on_host:
                result = chain(x, conditions)
        probe(*result).backward()
        found = {f"gradient of {name}": g for name, g in gradients(chain).items()}
        assert_same(found, {name: expected[name] for name in found}, DOUBLE)


@both_directions
def test_functional_call_differentiates_what_it_was_given(inverse):
    chain, x, conditions = glow()
    start = chain(x, conditions)[0].detach() if inverse else x
    module = Inverted(chain) if inverse else chain
    prefix = "layer." if inverse else ""
    rate = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)  # As in meta-learning.
    found = []
    for chain.memory in MODES:
        weights = {prefix + name: rate * p.detach() for name, p in chain.named_parameters()}
        result = functional_call(module, weights, (start, conditions))
        found.append(torch.autograd.grad(probe(*result), [rate, *weights.values()][:1]))
    for other in found[1:]:
        assert_close(other, found[0], rtol=1e-11, atol=0)


@pytest.mark.parametrize("memory", MODES)
def test_parameters_that_are_replaced_before_the_backward_pass_get_their_gradients(memory):
    chain, x, conditions = glow()
    expected = outcome(chain, "none", x, conditions)
    chain.memory = memory
    parameters = dict(chain.named_parameters())
    loss = probe(*chain(x, conditions))
    for part in chain.modules():
        for name, parameter in part._parameters.items():
            setattr(part, name, nn.Parameter(2 * parameter.detach()))
    loss.backward()
    found = {f"gradient of {name}": parameter.grad for name, parameter in parameters.items()}
    assert_same(found, {name: expected[name] for name in found}, DOUBLE)


def test_other_threads_of_a_graph_keep_their_tapes_apart():
    chain, x, conditions = glow()
    first = probe(*chain(x, conditions))
    second = probe(*chain(2 * x, conditions))
    expected = [gradients_alone(chain, factor * x, conditions) for factor in (1, 2)]
    for loss, right in ((second, expected[1]), (first, expected[0])):  # In the wrong order.
        chain.zero_grad()
        loss.backward()
        assert_same(gradients(chain), right, DOUBLE)


def gradients_alone(chain, x, conditions):
    found = outcome(chain, "none", x, conditions)
    chain.memory = "reversible"
    return {name: found[f"gradient of {name}"] for name, _ in chain.named_parameters()}


@both_directions
def test_identities_are_welcome_anywhere(inverse):
    chain = Chain([Same(4), Squeeze(1), Same(4), Bend(4), Same(4)]).double()
    check_modes(chain, torch.randn(2, 4, 2, 2, dtype=torch.float64), inverse=inverse)
    x = torch.randn(2, 4)
    y, _ = Chain([Same(4)], "reversible")(x.requires_grad_())
    y.sum().backward()
    assert_close(x.grad, torch.ones(2, 4))


class Wrapped(InvertibleLayer):
    """A user's own layer around networks, differentiated in the generic way."""

    num_conditions = 1

    def __init__(self):
        super().__init__()
        self.inside = ConditionalAffineCoupling(conv_net(2, 4), ConcatAggregation(2, 3))

    def forward(self, x, condition=None):
        return self.inside(x, condition)

    def inverse(self, y, condition=None):
        return self.inside.inverse(y, condition)


@both_directions
@pytest.mark.parametrize("kind", [Wrapped, Pair])
def test_counters_of_operations_may_watch(kind, inverse):
    layer = kind().double()
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64)
    conditions = [torch.randn(2, 3, 2, 2, dtype=torch.float64) for _ in range(kind.num_conditions)]
    chain = Chain([layer, Bend(4).double()], "reversible")
    with FlopCounterMode(display=False) as counter:
        expected = outcome(chain, "none", x, conditions, inverse=inverse)
        plain = counter.get_total_flops()
        found = outcome(chain, "reversible", x, conditions, inverse=inverse)
    assert_same(found, expected, DOUBLE)
    assert counter.get_total_flops() - plain == 5 * plain // 3  # Twice evaluated, not once.


@both_directions
@pytest.mark.parametrize("separate", [False, True])
def test_a_network_may_ignore_its_input_and_learn_nothing(separate, inverse):
    class Constant(nn.Module):
        def __init__(self, times):
            super().__init__()
            self.times = times

        def forward(self, x):
            return torch.full_like(x, 0.3).repeat(1, self.times, 1, 1).detach()

    coupling = AffineCoupling(*((Constant(1), Constant(1)) if separate else (Constant(2),)))
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    chain = settle(Chain([ActNorm(4), coupling]).double(), x)
    check_modes(chain, x, inverse=inverse)


@both_directions
@every_mode
def test_many_gradients_at_once_are_those_of_one_after_the_other(mode, inverse):
    chain, x, conditions = glow()
    x = (chain(x, conditions)[0] if inverse else x).detach().requires_grad_()
    conditions = [c.detach().requires_grad_() for c in conditions]
    inputs = [x, *conditions, *chain.parameters()]
    one_by_one = (chain.inverse if inverse else chain)(x, conditions)
    chain.memory = mode
    at_once = (chain.inverse if inverse else chain)(x, conditions)
    rows = [torch.randn(3, *output.shape).to(output) for output in at_once]
    found = torch.autograd.grad(at_once, inputs, rows, is_grads_batched=True)
    for i, row in enumerate(zip(*rows, strict=True)):
        expected = torch.autograd.grad(one_by_one, inputs, row, retain_graph=True)
        assert_close([gradient[i] for gradient in found], list(expected), rtol=1e-9, atol=1e-9)
