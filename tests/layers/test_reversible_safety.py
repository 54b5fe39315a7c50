"""What reversible training notices, refuses and leaves alone."""

import copy
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.nn.utils.prune import l1_unstructured
from torch.random import fork_rng
from torch.testing import assert_close
from torchvision.ops import StochasticDepth

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConditionalAffineCoupling,
    Factor,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    Partial,
    Squeeze,
)
from tests.layers.cases import conv_net
from tests.layers.memory_modes import MODES, assert_same, gradients, outcome, plain, probe
from tests.layers.random_chains import Bend, Recolor, glow, settle


@pytest.mark.parametrize("what", ["condition", "parameter", "result", "anchor"])
def test_overwriting_what_backward_needs_is_noticed(what):
    chain, x, conditions = glow(anchor_every=3 if what == "anchor" else None)
    held = {"condition": conditions[1], "parameter": chain.layers[3].net[0].weight}
    if what == "anchor":
        chain.layers[2].register_forward_hook(lambda m, _, out: held.update(anchor=out[0]))
    y, logdet = chain(x, conditions)
    held["result"] = y
    loss = probe(y, logdet)
    with torch.no_grad():
        held[what].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
@pytest.mark.parametrize("what", ["input", "condition", "parameter", "frozen", "buffer"])
def test_overwriting_what_is_evaluated_again_is_noticed(what, mode):
    chain, x, conditions = glow(memory=mode)
    weight, permutation = chain[3].net[0].weight, chain[6].matrix.permutation
    weight.requires_grad_(what != "frozen")
    held = {"input": x, "condition": conditions[1], "parameter": weight, "frozen": weight}
    loss = probe(*chain(x, conditions))
    with torch.no_grad():
        (held | {"buffer": permutation})[what].mul_(2)
    if (what, mode) == ("input", "reversible"):  # Which does not look at it again.
        loss.backward()
        return
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
@pytest.mark.parametrize("change", [weight_norm, lambda net: l1_unstructured(net, "weight", 1)])
def test_parameters_that_are_gone_before_the_backward_pass_are_named(change, mode):
    chain, x, conditions = glow(memory=mode)
    loss = probe(*chain(x, conditions))
    change(chain[3].net[0])
    with pytest.raises(RuntimeError, match=r"^AffineCoupling is .* got none named net\.0\.weight:"):
        loss.backward()


class Late(nn.Module):
    """Make a parameter in the first call, when the sides of images are known."""

    def forward(self, x):
        if not hasattr(self, "places"):
            self.places = nn.Parameter(torch.full_like(x[:1], 0.5))
        return x + self.places


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
def test_parameters_that_a_first_call_makes_do_not_lose_their_gradients_unseen(mode):
    x, found = torch.randn(2, 4, 3, 3), {}
    chain = Chain([AffineCoupling(nn.Sequential(nn.Conv2d(2, 4, 1), Late()))], memory=mode)
    loss = probe(*chain(x))
    with pytest.raises(RuntimeError, match=r"got a further one named net\.1\.places: .*no_grad"):
        loss.backward()
    for chain.memory in ("none", mode):
        chain.zero_grad()
        probe(*chain(x)).backward()
        found[chain.memory] = gradients(chain)
    assert_same(found[mode], found["none"], 1e-5)


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
def test_weights_that_were_one_in_the_forward_pass_are_not_two_in_the_backward_pass(mode):
    x = torch.randn(2, 4, 3, 3)
    net = nn.Sequential(nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1), nn.Conv2d(2, 4, 1))
    chain, own = Chain([AffineCoupling(net)], memory=mode), net[1].weight
    net[1].weight = net[0].weight
    loss = probe(*chain(x))
    net[1].weight = own
    with pytest.raises(RuntimeError, match=r"got a further one named net\.1\.weight: "):
        loss.backward()


@pytest.mark.parametrize("loss", [torch.sum, lambda y: y.square().sum()], ids=["linear", "square"])
def test_second_derivatives_are_refused_in_words_and_checkpoints_have_them(loss):
    chain, x = twice_differentiable(), torch.randn(2, 4, 2, 2, dtype=torch.float64)
    settle(chain, x)
    found = []
    for chain.memory in MODES:
        chain.zero_grad()
        leaf = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(chain(leaf)[0]), leaf, create_graph=True)
        penalty = gradient.square().sum() + leaf.sum()
        if chain.memory == "reversible":
            message = r"^memory=\"reversible\" expects to be differentiated once, got a second"
            with pytest.raises(RuntimeError, match=message):
                penalty.backward()
        else:
            penalty.backward()
            found.append(gradients(chain) | {"x": leaf.grad})
    assert_same(found[1], found[0], 1e-12)
    assert found[0]["layers.2.net.0.weight"].abs().max() > 0


def test_second_derivatives_by_some_inputs_alone_are_refused_not_zero():
    chain, x = twice_differentiable(), torch.randn(2, 4, 2, 2, dtype=torch.float64)
    settle(chain, x)
    chain.memory = "reversible"
    message = r"^memory=\"reversible\" expects to be differentiated once, got a second"
    leaf, row = x.clone().requires_grad_(), torch.randn_like(x).requires_grad_()
    y, logdet = chain(leaf)
    found = torch.autograd.grad(
        (y, logdet), [leaf, *chain.parameters()], (row, torch.ones(2)), create_graph=True
    )
    for gradient in found:
        for other in (leaf, row, chain[2].net[0].weight):
            with pytest.raises(RuntimeError, match=message):
                torch.autograd.grad(gradient.sum(), other, retain_graph=True, allow_unused=True)
    with pytest.raises(RuntimeError, match=message):
        hessian(lambda x: chain(x)[1].sum(), x)


def twice_differentiable():
    return Chain([ActNorm(4), InvertibleConv1x1(4), AffineCoupling(conv_net(2, 4))]).double()


def test_create_graph_without_a_second_derivative_is_welcome():
    chain, x, conditions = glow()
    found = []
    for create_graph in (False, True):
        loss = probe(*chain(x, conditions))
        parameters = list(chain.parameters())
        found.append(torch.autograd.grad(loss, parameters, create_graph=create_graph))
    assert_close([g.detach() for g in found[1]], list(found[0]), rtol=0, atol=0)


def noisy(part, mode="reversible"):
    return Chain([ActNorm(4), AffineCoupling(nn.Sequential(conv_net(2, 4), part))], mode)


class Steps(nn.Module):
    """Counts its calls in a buffer that it replaces."""

    def __init__(self):
        super().__init__()
        self.count = nn.Buffer(torch.zeros(()))

    def forward(self, x):
        if self.training:
            self.count = self.count + 1
        return x


CHANGING = {
    "batch": lambda: nn.BatchNorm2d(4),
    "several processes": lambda: nn.SyncBatchNorm(4),
    "instance": lambda: nn.InstanceNorm2d(4, track_running_stats=True),
    "spectral": lambda: spectral_norm(nn.Conv2d(4, 4, 1)),
    "replaced": Steps,
}


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
@pytest.mark.parametrize("kind", CHANGING)
def test_networks_that_change_buffers_are_refused_in_training(kind, mode):
    part, x = CHANGING[kind](), torch.randn(2, 4, 2, 2)
    chain = noisy(part, mode)
    sentence = (
        rf'^memory="{mode}" expects layers that count a batch once, got \w+ in training mode '
        r"\(AffineCoupling\.net\.1[.\w]*\), which changes \w+ in every call; use GroupNorm, .*\.$"
    )
    for run in (chain, chain.inverse):
        with pytest.raises(RuntimeError, match=sentence):
            run(x)
    with torch.no_grad():
        chain(x)  # Nothing will be evaluated twice.
    part.eval()
    outcome(chain, mode, x)


class Attend(nn.Module):
    def __init__(self, attention):
        super().__init__()
        self.attention = attention
        self.widen = nn.Conv2d(2, 4, kernel_size=1)

    def forward(self, x):
        tokens = self.widen(x).flatten(2).permute(2, 0, 1)
        return self.attention(tokens, tokens, tokens)[0].permute(1, 2, 0).unflatten(2, x.shape[2:])


class Noise(nn.Module):
    """Random without being a dropout of torch, and in evaluation mode as well."""

    def forward(self, x):
        return x * (0.5 + torch.rand(len(x), 1, 1, 1, dtype=x.dtype))


class Apart(nn.Module):
    """Draws what leaves the generator as it was."""

    def forward(self, x):
        with fork_rng(devices=[]):
            return x * (0.5 + torch.rand(len(x), 1, 1, 1, dtype=x.dtype))


class Seeded(nn.Module):
    """Leaves the generator in one state, whatever it was in before."""

    def forward(self, x):
        torch.manual_seed(3)
        return x * (0.5 + torch.rand(len(x), 1, 1, 1, dtype=x.dtype))


class Backward(nn.Module):
    """Draws in the backward pass alone."""

    def forward(self, x):
        y = x.clone()
        if y.requires_grad:
            y.register_hook(lambda grad: grad * torch.rand_like(grad))
        return y


def apart(x):
    with fork_rng(devices=[]):
        return x * torch.rand_like(x)


def activated():
    """Return a layer of torch's own that calls somebody's function."""
    layer = nn.TransformerEncoderLayer(4, 1, 4, dropout=0.0, activation=apart, batch_first=True)
    return nn.Sequential(nn.Flatten(2), layer, nn.Unflatten(2, (2, 2)))


NOISY = {
    "dropout": lambda: nn.Dropout(0.5),
    "channels": lambda: nn.Dropout2d(0.5),
    "alpha": lambda: nn.AlphaDropout(0.5),
    "slopes": nn.RReLU,
    "depth": lambda: StochasticDepth(0.5, "row"),
    "own": Noise,
    "apart": Apart,
    "activation": activated,
}


def noisy_flow(part, kind):
    """Every way in which a coupling's networks may draw: in one, in two, before them."""

    def net(channels):
        return nn.Sequential(conv_net(2, channels), part())

    if kind == "one network":
        couplings = [AffineCoupling(net(4)) for _ in range(2)]
    elif kind == "two networks":
        couplings = [AffineCoupling(net(2), net(2)) for _ in range(2)]
    elif kind == "only shifts":  # Nothing behind the network is kept for its gradient.
        couplings = [AffineCoupling(net(2), scale="none") for _ in range(2)]
    else:
        fuse = Fused(part())
        couplings = [ConditionalAffineCoupling(net(2), fuse, net(2)) for _ in range(2)]
    return Chain([ActNorm(4), couplings[0], InvertibleConv1x1(4), couplings[1]])


class Fused(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x, condition):
        return self.part(x + condition)


@pytest.mark.parametrize("kind", ["one network", "two networks", "only shifts", "aggregation"])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("part", NOISY)
def test_random_networks_draw_the_same_numbers_again(part, inverse, kind):
    torch.manual_seed(1)
    chain = noisy_flow(NOISY[part], kind).double()
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    condition = torch.randn(3, 2, 2, 2, dtype=torch.float64)
    conditions = [condition, condition] if kind == "aggregation" else None
    chain(x, conditions)
    found = []
    for mode in MODES:
        chain.memory = mode
        leaf = x.clone().requires_grad_()
        torch.manual_seed(2)
        run = chain.inverse if inverse else chain
        y, logdet = run(leaf, conditions)
        after = torch.rand(1)
        chain.zero_grad()
        probe(y, logdet).backward()
        found.append({**gradients(chain), "x": leaf.grad, "y": y.detach(), "after": after})
        assert torch.rand(1) != after
    for other in found[1:]:
        assert_same(other, found[0], 1e-9)


@pytest.mark.parametrize("kind", ["one network", "only shifts"])
@pytest.mark.parametrize("inverse", [False, True])
def test_what_a_backward_pass_draws_is_the_same_in_all_modes(inverse, kind):
    torch.manual_seed(1)
    chain = noisy_flow(Backward, kind).double()
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    chain(x)
    found = []
    for chain.memory in MODES:
        torch.manual_seed(2)
        outputs = (chain.inverse if inverse else chain)(x)
        torch.manual_seed(3)
        chain.zero_grad()
        probe(*outputs).backward()
        found.append({**gradients(chain), "after": torch.rand(1)})
    for other in found[1:]:
        assert_same(other, found[0], 1e-9)


class Wrapped(InvertibleLayer):
    """A user's own layer around others, which draw in the opposite order on the way back."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x, condition=None):
        return self.inner(x)

    def inverse(self, y, condition=None):
        return self.inner.inverse(y)


def dropping(channels, out_channels):
    return nn.Sequential(conv_net(channels, out_channels), nn.Dropout(0.5))


def two(channels, memory="none"):
    nets = [dropping(channels // 2, channels) for _ in range(2)]
    first, second = (AffineCoupling(net) for net in nets)
    return Chain([first, InvertibleConv1x1(channels), second], memory)


HOLDERS = {
    "Partial": lambda: Partial(two(2)),
    "Partial of a frugal chain": lambda: Partial(two(2, "reversible")),
    "Factor": lambda: Factor(dropping(2, 4), two(2)),
    "user's own": lambda: Wrapped(two(4)),
}


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("name", HOLDERS)
def test_random_networks_side_by_side_in_one_layer_keep_their_numbers(name, inverse):
    torch.manual_seed(1)
    chain = Chain([ActNorm(4), HOLDERS[name](), InvertibleConv1x1(4)]).double()
    x = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    settle(chain, x)

    def seeded(mode):
        torch.manual_seed(2)
        return outcome(chain, mode, x, inverse=inverse)

    expected = seeded("none")
    for mode in MODES[1:]:
        assert_same(seeded(mode), expected, 1e-9)


def test_checkpoints_inside_of_others_evaluate_a_network_twice_and_no_more():
    calls = []
    chain = Chain([Factor(conv_net(4, 8), Partial(two(2, "checkpoint"), 2))], "checkpoint")
    for coupling in (part for part in chain.modules() if isinstance(part, AffineCoupling)):
        coupling.net.register_forward_pre_hook(lambda net, _: calls.append(id(net)))
    probe(*chain(torch.randn(2, 8, 2, 2))).backward()
    assert sorted(calls.count(net) for net in set(calls)) == [1, 2, 2]


@pytest.mark.parametrize("part", [lambda: nn.Dropout(0.5), Seeded])
def test_the_backward_pass_takes_no_random_numbers_from_the_user(part):
    chain, x = noisy(part()), torch.randn(2, 4, 2, 2)
    chain(x)
    y, logdet = chain(x)
    torch.manual_seed(4)
    before = torch.get_rng_state()
    probe(y, logdet).backward()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
def test_a_backward_pass_may_run_inside_of_inference_mode(mode):
    chain, x, conditions = glow()
    expected = outcome(chain, "none", x, conditions)
    chain.memory = mode
    loss = probe(*chain(x, conditions))
    with torch.inference_mode():
        loss.backward()
    found = {f"gradient of {name}": gradient for name, gradient in gradients(chain).items()}
    assert_same(found, {name: expected[name] for name in found}, 1e-12)


@pytest.mark.parametrize("inverse", [False, True])
def test_what_was_made_in_inference_mode_may_be_trained_on(inverse):
    chain, x = Chain([Squeeze(), ActNorm(16)], "reversible"), torch.randn(2, 4, 4, 4)
    y = chain(x)[0].detach()
    right = outcome(chain, "none", y if inverse else x, inverse=inverse)
    chain.memory = "reversible"
    with torch.inference_mode():
        given = (y if inverse else x).clone()
    probe(*(chain.inverse if inverse else chain)(given)).backward()
    for name, gradient in gradients(chain).items():
        assert_close(gradient, right[f"gradient of {name}"])


@pytest.mark.parametrize("inverse", [False, True])
def test_hooks_on_layers_see_what_they_always_see(inverse):
    seen = {}
    for mode in MODES:
        chain, x, conditions = glow(memory=mode)
        calls = seen[mode] = []
        for name, layer in chain.layers.named_children():
            listen(layer, name, calls)
        start = chain(x, conditions)[0].detach() if inverse else x
        calls.clear()
        start.requires_grad_()
        y, logdet = (chain.inverse if inverse else chain)(start, conditions)
        if mode == "checkpoint":  # Which calls the layers again.
            calls.append(len(calls))
        probe(y, logdet).backward()
    assert bool(seen["none"]) != inverse  # `inverse` is no module call.
    assert [c[:2] for c in seen["reversible"]] == [c[:2] for c in seen["none"]]
    for (*_, found), (*_, right) in zip(seen["reversible"], seen["none"], strict=True):
        assert_close(found, right, rtol=1e-9, atol=1e-11)


def listen(layer, name, calls):
    layer.register_forward_pre_hook(lambda m, args: calls.append(("before", name, args[0])))
    layer.register_forward_hook(lambda m, args, out: calls.append(("after", name, out[0])))
    layer.register_full_backward_hook(lambda m, gi, go: calls.append(("backward", name, go[0])))


@pytest.mark.parametrize("whose", ["layer", "all modules"])
@pytest.mark.parametrize("kind", ["forward_pre", "forward", "full_backward_pre", "full_backward"])
def test_each_kind_of_hook_alone_is_run(kind, whose):
    chain, calls = Chain([ActNorm(4), ActNorm(4)], memory="reversible"), []
    place = chain.layers[0] if whose == "layer" else nn.modules.module
    every = "" if whose == "layer" else "module_"
    hook = getattr(place, f"register_{every}{kind}_hook")(lambda part, *_: calls.append(part))
    try:
        chain(torch.randn(2, 4, 3, 3, requires_grad=True))[0].sum().backward()
    finally:
        hook.remove()
    assert calls.count(chain.layers[0]) == 1


def test_features_caught_by_a_hook_carry_gradients():
    found = []
    for mode in ("none", "reversible"):
        chain, x, conditions = glow(memory=mode)
        caught = []
        for layer in chain.layers:
            layer.register_forward_hook(lambda m, _, out, caught=caught: caught.append(out))
        y, logdet = chain(x, conditions)
        extra = sum(y.cos().sum() + log.square().sum() for y, log in caught[:-1])
        (probe(y, logdet) + extra).backward()
        found.append(gradients(chain))
    assert_same(found[1], found[0], 1e-12)


@pytest.mark.parametrize(
    "hook",
    [
        lambda layer: layer.register_forward_hook(lambda m, _, out: (out[0] * 2, out[1])),
        lambda layer: layer.register_forward_hook(lambda m, _, out: (out[0].mul_(2), None)[1]),
        lambda layer: layer.register_forward_pre_hook(lambda m, args: (args[0] * 2, *args[1:])),
    ],
    ids=["output", "output in place", "input"],
)
def test_hooks_that_change_the_flow_are_refused(hook):
    chain, x, conditions = glow()
    hook(chain.layers[3])
    sentence = r"^memory=\"reversible\" expects hooks .* got one on AffineCoupling that changes"
    with pytest.raises(RuntimeError, match=sentence):
        chain(x, conditions)
    assert "forward" not in vars(chain.layers[3])


def test_a_failing_layer_leaves_no_trace():
    chain, x, _ = glow()
    with pytest.raises(ValueError, match="expects a condition"):
        chain(x)
    assert not any("forward" in vars(layer) for layer in chain.layers)


class Together(nn.Module):
    """Waits for the other threads whenever it is called."""

    def __init__(self, threads):
        super().__init__()
        self.barrier = Barrier(threads, timeout=60)

    def forward(self, x):
        self.barrier.wait()
        return x


def test_threads_may_train_one_chain_at_once():
    part = Together(1)
    chain = noisy(part, "none").double()
    inputs = torch.randn(2, 2, 4, 3, 3, dtype=torch.float64)
    chain(inputs.flatten(0, 1))
    expected = [found_by(chain, x) for x in inputs]
    part.barrier, chain.memory = Barrier(2, timeout=60), "reversible"
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda x: found_by(chain, x), inputs))
    assert_close(found, expected, rtol=1e-9, atol=1e-11)
    assert not any("forward" in vars(layer) for layer in chain.layers)


def found_by(chain, x):
    return torch.autograd.grad(probe(*chain(x)), list(chain.parameters()))


def test_a_replaced_forward_is_used_and_kept():
    chain, x = Chain([Bend(4), Bend(4)], "reversible"), torch.randn(2, 4, 2, 2)
    layer = chain.layers[0]
    calls, forward = [], layer.forward
    layer.forward = lambda x, condition=None: calls.append(1) or forward(x, condition)
    replaced = layer.forward
    chain(x)
    assert calls == [1]
    assert layer.forward is replaced


def test_state_dict_and_copies_are_the_same_in_every_mode():
    chain, x, conditions = glow(memory="none")
    state = copy.deepcopy(chain.state_dict())
    for chain.memory in MODES:
        probe(*chain(x, conditions)).backward()
        assert chain.state_dict().keys() == state.keys()
        assert_close(chain.state_dict(), state, rtol=0, atol=0)
        assert copy.deepcopy(chain).memory == chain.memory
        chain.load_state_dict(state)


@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
def test_the_first_batch_initialises_as_ever(mode):
    x = 5 + 2 * torch.randn(8, 4, 4, 4, dtype=torch.float64)
    condition = torch.randn(8, 3, 1, 1, dtype=torch.float64)

    def fresh():
        layers = [ActNorm(4), Recolor(4), AffineCoupling(conv_net(2, 4)), Squeeze(), ActNorm(16)]
        return Chain(layers).double()

    chain = fresh()
    truth = plain(chain)
    assert_same(outcome(chain, mode, x, condition), outcome(truth, "none", x, condition), 1e-12)
    assert not chain.layers[-1].awaits_data


def test_backward_initialises_nothing():
    x = 5 + 2 * torch.randn(8, 4, 2, 2)
    for layer in (Inverted(ActNorm(4)), Inverted(Chain([Bend(4), ActNorm(4)]))):
        chain = Chain([Bend(4), layer, InvertibleConv1x1(4)], "reversible")
        before = copy.deepcopy(chain.state_dict())
        outcome(chain, "reversible", x)
        assert_close(chain.state_dict(), before, rtol=0, atol=0)
        assert not before[next(name for name in before if name.endswith("initialized"))]


def test_anchors_give_the_same_gradients():
    chain, x, conditions = glow()
    for inverse in (False, True):
        start = chain(x, conditions)[0].detach() if inverse else x
        expected = outcome(chain, "none", start, conditions, inverse=inverse)
        for every in (1, 2, 3, 8, 100, None):
            chain.anchor_every = every
            found = outcome(chain, "reversible", start, conditions, inverse=inverse)
            assert_same(found, expected, 1e-12)


def test_unknown_mode_is_refused_in_words():
    sentence = (
        r"^Chain expects memory to be one of \['none', 'checkpoint', 'reversible'\], got 'half'\.$"
    )
    with pytest.raises(ValueError, match=sentence):
        Chain([], "half")


def test_nothing_is_recorded_where_nothing_is_differentiated():
    chain, x, conditions = glow()
    with torch.no_grad():
        assert not chain(x, conditions)[0].requires_grad
    with torch.inference_mode():
        assert not chain(x, conditions)[0].requires_grad
    chain.requires_grad_(False)
    assert not chain(x, conditions)[0].requires_grad


def test_replicas_of_data_parallel_are_refused_in_words():
    layer = Bend(4)._replicate_for_data_parallel()
    sentence = r'^memory="reversible" expects DistributedDataParallel .* a replica of torch\.nn\.'
    with pytest.raises(RuntimeError, match=sentence):
        Chain([layer], "reversible")(torch.randn(2, 4, 2, 2))


def test_lazy_parameters_are_refused_until_they_have_their_shapes():
    torch.manual_seed(0)
    chain, x = Chain([AffineCoupling(nn.LazyConv2d(4, 1))], "reversible"), torch.randn(2, 4, 2, 2)
    with pytest.raises(RuntimeError, match="got lazy ones in AffineCoupling: call the chain once"):
        chain(x)
    with torch.no_grad():
        chain(x)
    assert_same(outcome(chain, "reversible", x, None), outcome(chain, "none", x, None), 1e-5)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("mode", ["checkpoint", "reversible"])
def test_hooks_on_parameters_run_once(mode, inverse):
    chain, x, conditions = glow()
    x = chain(x, conditions)[0].detach() if inverse else x
    expected = outcome(chain, "none", x, conditions, inverse=inverse)
    for parameter in chain.parameters():
        parameter.register_hook(lambda gradient: gradient / 2)
    found = outcome(chain, mode, x, conditions, inverse=inverse)
    for name, gradient in expected.items():
        half = name.removeprefix("gradient of ") in dict(chain.named_parameters())
        assert_close(found[name], gradient / 2 if half else gradient, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("switch", ["train", "eval", "freeze", "melt"])
def test_what_is_switched_before_the_backward_pass_changes_no_gradient(switch):
    chain, x = noisy(nn.Dropout()).double(), torch.randn(2, 4, 3, 3, dtype=torch.float64)
    chain(x)
    found = []
    for chain.memory in MODES:
        chain.train(switch != "train").requires_grad_(switch != "melt")
        leaf = x.clone().requires_grad_()
        torch.manual_seed(0)
        loss = probe(*chain(leaf))
        chain.train(switch != "eval").requires_grad_(switch != "freeze")
        loss.backward()
        found.append(gradients(chain) | {"x": leaf.grad})
        assert {part.training for part in chain.modules()} == {switch != "eval"}
        assert {p.requires_grad for p in chain.parameters()} == {switch != "freeze"}
        chain.zero_grad()
    for other in found[1:]:
        assert_same(other, found[0], 1e-12)
