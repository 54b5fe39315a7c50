"""What each mode keeps: exact counts of bytes, no timing and no allocator."""

import gc
import weakref

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from flowcolor.evaluation.live_bytes import StorageTracker
from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    Chain,
    ConditionalAffineCoupling,
    FeatureAggregation,
    Inverted,
    InvertibleConv1x1,
)
from tests.layers.cases import conv_net
from tests.layers.memory_modes import probe
from tests.layers.random_chains import Bend
from tests.saved_bytes import SavedBytes

SIDE = 16
STATE = 4 * 2 * 4 * SIDE * SIDE  # Bytes of one state of the chain: batch 2, four channels.


def blocks(depth, memory, *, conditional=True, anchor_every=None):
    layers = []
    for _ in range(depth):
        fusion = FeatureAggregation(2, 3)
        block = [ActNorm(4), InvertibleConv1x1(4), AffineCoupling(conv_net(2, 2), conv_net(2, 2))]
        if conditional:
            block.append(ConditionalAffineCoupling(conv_net(2, 4), fusion))
        layers.append(Chain(block))
    return Chain(layers, memory, anchor_every).eval()


def inputs(depth, *, conditional=True):
    x = torch.randn(2, 4, SIDE, SIDE)
    conditions = [torch.randn(2, 3, SIDE, SIDE, requires_grad=True) for _ in range(depth)]
    return x, conditions if conditional else None


def saved(depth, memory, inverse=False, **options):
    """Return the bytes that autograd saves beside conditions and parameters."""
    chain = blocks(depth, memory, **options)
    x, conditions = inputs(depth)
    with SavedBytes() as kept:
        (chain.inverse if inverse else chain)(x.requires_grad_(), conditions)
    return kept.beside(*conditions, *chain.parameters())


@pytest.mark.parametrize("inverse", [False, True])
def test_only_the_last_output_is_saved_whatever_the_depth(inverse):
    assert [saved(depth, "reversible", inverse) for depth in (1, 2, 8)] == [STATE] * 3


@pytest.mark.parametrize("inverse", [False, True])
def test_anchors_are_saved_too(inverse):
    # Thirty-two layers; the last state is one of the eight.
    assert saved(8, "reversible", inverse, anchor_every=4) == 8 * STATE
    assert saved(8, "reversible", inverse, anchor_every=5) == 7 * STATE


def test_plain_autograd_saves_much_more():
    assert saved(2, "none") - saved(1, "none") > 20 * STATE


def held_and_peak(depth, memory, *, inverse=False, conditional=True):
    """Return the bytes alive between forward and backward, and at most."""
    chain = blocks(depth, memory, conditional=conditional)
    x, conditions = inputs(depth, conditional=conditional)
    run = chain.inverse if inverse else chain
    probe(*run(x, conditions)).backward()  # Gradients are there, as in the middle of a training.
    chain.zero_grad(set_to_none=False)
    for condition in conditions or []:
        condition.grad.zero_()
    with StorageTracker() as bytes_:
        y, logdet = run(x, conditions)
        loss = y.square().sum() + logdet.sum()
        del y, logdet
        held = bytes_.total
        loss.backward()
    return held, bytes_.peak


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("conditional", [False, True])
def test_depth_costs_no_activations(inverse, conditional):
    options = {"inverse": inverse, "conditional": conditional}
    few, many = (held_and_peak(depth, "reversible", **options) for depth in (2, 10))
    small = STATE // 20  # Log-dets.
    assert many[0] - few[0] < 8 * small
    assert many[1] - few[1] < 8 * small
    plain_few, plain_many = (held_and_peak(depth, "none", **options) for depth in (2, 10))
    assert (plain_many[0] - plain_few[0]) / 8 > 5 * STATE
    checkpoints = [held_and_peak(depth, "checkpoint", **options)[0] for depth in (2, 10)]
    assert STATE <= (checkpoints[1] - checkpoints[0]) / 8 < 1.1 * STATE


@pytest.mark.parametrize("inverse", [False, True])
def test_couplings_let_go_of_what_the_networks_gave(inverse):
    """Joining the halves takes no more than what was alive before."""
    layer = AffineCoupling(*(torch.nn.Conv2d(2, 2, 1) for _ in range(2)))
    x = torch.randn(2, 4, SIDE, SIDE)
    with StorageTracker() as bytes_:
        (layer.inverse if inverse else layer)(x)
    assert bytes_.peak <= (3.55 if inverse else 3.05) * STATE


def test_backward_releases_what_it_rebuilt():
    """A loss that somebody keeps must not hold a state of the chain."""
    chain = blocks(2, "reversible")
    x, conditions = inputs(2)
    x.requires_grad_()
    with StorageTracker() as bytes_:
        loss = probe(*chain(x, conditions))
        loss.backward()
        gc.collect()
        tensors = [x, *conditions, *chain.parameters()]
        known = sum(t.grad.untyped_storage().nbytes() for t in tensors)
        assert bytes_.total - known < STATE // 10


def test_a_graph_that_is_dropped_takes_everything_along():
    chain = blocks(2, "reversible")
    x, conditions = inputs(2)
    y, logdet = chain(x, conditions)
    graph = weakref.ref(y.grad_fn)
    state = weakref.ref(y.untyped_storage())
    gc.disable()  # No cycle that only the collector could break.
    try:
        del y, logdet
        assert graph() is None
        assert state() is None
    finally:
        gc.enable()


def test_tensors_without_numbers_run_through():
    """Benchmarks count the bytes of large models so."""
    with FakeTensorMode():
        chain = blocks(2, "reversible")
        x, conditions = inputs(2)
        probe_free = chain(x, conditions)
        (probe_free[0].sum() + probe_free[1].sum()).backward()
        assert all(p.grad.shape == p.shape for p in chain.parameters())
        Chain([Inverted(Bend(4)), Bend(4)], "reversible")(x)[0].sum().backward()
