"""Reversible training on two processes gives the gradients of the whole batch."""

import pytest
import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import (
    MixedPrecisionPolicy,
    fully_shard,
    register_fsdp_forward_method,
)
from torch.nn.parallel import DistributedDataParallel

from flowcolor.layers import ActNorm, Chain, InvertibleConv1x1
from flowcolor.testing import measure_drift
from tests.layers.memory_modes import MODES, assert_same, gradients, probe
from tests.layers.random_chains import glow

STEPS = 3


class Model(nn.Module):
    """A chain run there and back, as the colour flow is, between ordinary layers."""

    def __init__(self, chain, spare):
        super().__init__()
        self.before = nn.Conv2d(1, 1, kernel_size=3, padding=1).double()
        self.chain = chain
        self.other = Chain([ActNorm(4), InvertibleConv1x1(4)], chain.memory).double()
        self.spare = Chain([ActNorm(4)], "reversible").double() if spare else None

    def forward(self, x, *conditions):
        y, logdet = self.chain(self.before(x), conditions)
        y, back = self.other.inverse(y)
        again, more = self.chain.inverse(y, conditions)  # The chain's second call in one step.
        return again, logdet + back + more


def model_and_batch(memory, spare):
    chain, _, _ = glow(memory=memory)
    model = Model(chain, spare)
    for module in model.other.layers[:1]:
        module.initialized.fill_(True)
    generator = torch.Generator().manual_seed(3)

    def tensor(*shape):
        return torch.randn(4, *shape, generator=generator, dtype=torch.float64)

    return model, [tensor(1, 4, 4), tensor(3, 2, 2), tensor(3, 2, 2)]


def loss_of(result):
    y, logdet = result
    return (y.square().flatten(1).sum(1) + 0.1 * logdet).mean()


def train(model, step):
    """Return weights and gradients after some steps; ``step`` does forward and backward."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for number in range(STEPS):
        optimizer.zero_grad()
        step(number)
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    found = {f"gradient of {name}": p.grad for name, p in model.named_parameters()}
    return found | {name: p.detach() for name, p in model.named_parameters()}


def train_on_rank(rows, memory, spare, accumulate, options):
    model, batch = model_and_batch(memory, spare)
    # Buckets as small as possible, so that gradients leave while backward still runs.
    parallel = DistributedDataParallel(model, bucket_cap_mb=1e-4, **options)

    def step(number):
        parts = [rows[i : i + 1] for i in range(len(rows))] if accumulate else [rows]
        for part in parts[:-1]:
            with parallel.no_sync():
                (loss_of(parallel(*(t[part] for t in batch))) / len(parts)).backward()
        (loss_of(parallel(*(t[parts[-1]] for t in batch))) / len(parts)).backward()

    return train(model, step)


@pytest.mark.parametrize(
    ("spare", "accumulate", "options"),
    [
        (False, False, {}),
        (True, False, {"find_unused_parameters": True}),
        (False, False, {"static_graph": True}),
        (False, False, {"gradient_as_bucket_view": True}),
        (False, True, {}),
        (True, True, {"find_unused_parameters": True}),
    ],
    ids=["plain", "unused", "static", "views", "no_sync", "no_sync, unused"],
)
def test_two_processes_equal_one_with_the_whole_batch(run_on_ranks, spare, accumulate, options):
    arguments = [(rows, "reversible", spare, accumulate, options) for rows in ([0, 1], [2, 3])]
    ranks = run_on_ranks(train_on_rank, arguments)
    model, batch = model_and_batch("none", spare)
    expected = train(model, lambda number: loss_of(model(*batch)).backward())
    for found in ranks:
        assert_same(found, expected, 1e-11)


def shard_on_rank(whole):
    """Return gradients of a chain whose layers' parameters are only there while they run."""
    chain, x, conditions = glow()
    mesh = init_device_mesh("cpu", (2,))
    for layer in [] if whole else chain.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(chain, mesh=mesh)
    probe(*chain(x, conditions)).backward()
    return {name: gradient.full_tensor() for name, gradient in gradients(chain).items()}


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module .* returned a view")
@pytest.mark.parametrize("whole", [False, True])
def test_sharded_parameters_are_found_when_they_are_there(run_on_ranks, whole):
    chain, x, conditions = glow(memory="none")
    probe(*chain(x, conditions)).backward()
    for found in run_on_ranks(shard_on_rank, [(whole,), (whole,)]):
        assert_same(found, gradients(chain), 1e-12)


def blocks(memory):
    chain, x, conditions = glow()
    first, second = (Chain(list(part)) for part in (chain[:3], chain[3:6]))
    return Chain([first, second, *chain[6:]], memory), x, conditions


def shard_blocks_on_rank(memory):
    """Return gradients of a chain whose blocks, some of them chains, run there and back."""
    chain, x, conditions = blocks(memory)
    mesh = init_device_mesh("cpu", (2,))
    for layer in (*chain, chain):
        fully_shard(layer, mesh=mesh)
        register_fsdp_forward_method(layer, "inverse")
    y, logdet = chain(x, conditions)
    again, back = chain.inverse(2 * y, conditions)
    probe(again, 2 * logdet + back).backward()
    with pytest.raises(ValueError, match="expects a chain that is whole, got one that fully_shard"):
        measure_drift(chain, x, conditions)
    return {name: gradient.full_tensor() for name, gradient in gradients(chain).items()}


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module .* returned a view")
@pytest.mark.parametrize("memory", MODES)
def test_sharded_blocks_run_backwards_too(run_on_ranks, memory):
    chain, x, conditions = blocks("none")
    y, logdet = chain(x, conditions)
    again, back = chain.inverse(2 * y, conditions)
    probe(again, 2 * logdet + back).backward()
    for found in run_on_ranks(shard_blocks_on_rank, [(memory,), (memory,)]):
        assert_same(found, gradients(chain), 1e-10)


def shard_nested_on_rank(mixed):
    """Return gradients of a chain whose blocks are chains of sharded layers, or of some."""
    chain, x, conditions = blocks("reversible")
    mesh = init_device_mesh("cpu", (2,))
    nested = [layer for block in chain if isinstance(block, Chain) for layer in block]
    for layer in (*nested[mixed:], *chain, chain):
        fully_shard(layer, mesh=mesh)
        register_fsdp_forward_method(layer, "inverse")
    try:
        probe(*chain(x, conditions)).backward()
    except RuntimeError as error:
        return str(error)
    return {name: gradient.full_tensor() for name, gradient in gradients(chain).items()}


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module .* returned a view")
def test_sharded_layers_of_sharded_blocks_get_their_gradients(run_on_ranks):
    chain, x, conditions = blocks("none")
    probe(*chain(x, conditions)).backward()
    for found in run_on_ranks(shard_nested_on_rank, [(0,), (0,)]):
        assert_same(found, gradients(chain), 1e-10)


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module .* returned a view")
def test_a_block_of_which_a_part_is_sharded_is_refused(run_on_ranks):
    for said in run_on_ranks(shard_nested_on_rank, [(1,), (1,)]):
        assert "expects no sharded layer inside of another that it undoes as a whole" in said


def mix_on_rank():
    """Return what is said of an ordinary policy, and the round trip of one of weights alone."""
    said, mesh = "", init_device_mesh("cpu", (2,))
    for cast in (True, False):
        chain, *given = blocks("reversible")
        x, conditions = given[0].float(), [condition.float() for condition in given[1]]
        chain.float()
        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, cast_forward_inputs=cast)
        for layer in (*chain, chain):
            fully_shard(layer, mesh=mesh, mp_policy=policy)
            register_fsdp_forward_method(layer, "inverse")
        try:
            y, _ = chain(x, conditions)
        except RuntimeError as error:
            said = str(error)
    rebuilt, _ = chain.inverse(y, conditions)
    return said, (rebuilt - x).abs().max()


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module .* returned a view")
def test_a_policy_that_rounds_states_is_refused_and_one_of_weights_alone_is_inverted(run_on_ranks):
    for said, error in run_on_ranks(mix_on_rank, [(), ()]):
        assert said.endswith("that changes them: give its policy cast_forward_inputs=False.")
        assert error < 1e-4
