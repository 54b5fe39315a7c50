"""Weights that a loss does not use stay where they are, however many processes there are."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import PatchCritic
from flowcolor.models.revgan import RevGAN
from flowcolor.training.build_task import build_task
from flowcolor.training.idle_weights import IdleWeights, reached
from flowcolor.training.objectives import (
    Adversarial,
    Alternating,
    AttendedStyle,
    Paired,
    SelfSupervised,
)
from tests.models.helpers import trained, trained_ada_attn, trained_s2i, trained_unet_adain
from tests.training.few_steps import fit, weights_of_two_and_of_one


def sgd(rate, decay=0.0):
    return partial(torch.optim.SGD, lr=rate, weight_decay=decay, momentum=0.5 if decay else 0.0)


def alternating():
    """Return a task whose first turn moves nothing and whose second one has the encoder alone."""
    model = trained_unet_adain(dropout=0.0).train()
    objective = Alternating(MSELPIPSLoss(lpips=0.0), sgd(0.01, 0.5))
    return build_task(model, objective, sgd(0.0)), samples(16, 4)


def self_supervised():
    """Return a task whose only step is a turn that needs no head."""
    model = trained_s2i(stage=1).train()
    objective = SelfSupervised(2, 4, ColorizationLoss(perceptual=0.0))
    objective.turns.fill_(1)
    return build_task(model, objective, sgd(0.01, 0.5)), samples(64, 4)


def attended(autoencoder):
    """Return a task whose encoder learns in some batches and then rests, as the others before."""
    objective = AttendedStyle(autoencoder=autoencoder)
    return build_task(trained_ada_attn().train(), objective, sgd(1e-4, 0.5)), samples(32)


def judged():
    """Return such a task with a critic beside it, which moves in every batch."""
    inner = AttendedStyle(autoencoder=0)
    critic = PatchCritic(width=4, layers=1)
    objective = Adversarial(inner, critic, optimizer=sgd(1e-4, 0.5))
    return build_task(trained_ada_attn().train(), objective, sgd(1e-4, 0.5)), samples(32)


def unmarked():
    """Return a task whose model knows what to do with colours at points, and gets none."""
    objective = Paired(ColorizationLoss(perceptual=0.0))
    return build_task(trained(hint_points=True).train(), objective, sgd(0.01, 0.5)), samples(16)


def samples(side, count=2):
    torch.manual_seed(1)
    reference = torch.rand(3, side, side)  # One for all: it does not matter who shares a batch.
    return [
        {"content": x, "truth": y, "reference": reference, "name": str(i), "index": i}
        for i, (x, y) in enumerate(torch.rand(count, 2, 3, side, side))
    ]


IDLE = {
    "the other turn's": (alternating, lambda name: not name.startswith("colorizer.encoder.")),
    "the head's": (self_supervised, lambda name: name.startswith("objective.head.")),
    "attention's": (partial(attended, 1), lambda name: name.startswith("colorizer.norms.")),
    "the encoder's": (partial(attended, 0), lambda name: name.startswith("colorizer.encoder.")),
    "of points": (unmarked, lambda name: ".hints." in name),
    "the same in a game": (judged, lambda name: name.startswith("colorizer.encoder.")),
}


@pytest.mark.parametrize("idle", IDLE)
def test_weight_decay_does_not_move_what_a_turn_does_not_use(idle):
    make, rests = IDLE[idle]
    (task, given), (fresh, _) = make(), make()
    fit(task, given, batch=len(given))
    moved = moved_of(dict(fresh.named_parameters()), dict(task.named_parameters()))
    assert moved
    assert not any(map(rests, moved)), [name for name in moved if rests(name)]
    assert any(rests(name) for name, _ in fresh.named_parameters())


@pytest.mark.slow
@pytest.mark.parametrize("idle", IDLE)
def test_it_does_not_on_two_processes_either(idle, tmp_path):
    make, rests = IDLE[idle]
    start, given = make()
    first, second, one = weights_of_two_and_of_one(make, tmp_path, len(given))
    names = {name for name, _ in start.named_parameters()}
    for found in (first, second, one):
        moved = moved_of(dict(start.named_parameters()), found)
        assert moved == moved_of(dict(start.named_parameters()), one)
        assert moved
        assert not any(map(rests, moved))
    assert all(torch.equal(first[name], second[name]) for name in names)


def moved_of(before, after):
    return {name for name, value in before.items() if not torch.equal(value, after[name])}


def test_what_a_loss_reaches_is_what_has_a_gradient_afterwards():
    shared, first, second, frozen = (nn.Parameter(torch.ones(2)) for _ in range(4))
    frozen.requires_grad_(False)
    loss = (shared * first).sum() + (shared.detach() * second.square() * frozen).sum()
    assert reached(loss) == {shared, first, second}
    assert reached((shared * first.detach()).sum()) == {shared}
    assert reached(torch.ones(())) == set()
    for memory in ("none", "checkpoint", "reversible"):
        model = RevGAN(2, 2, memory=memory)
        loss = model(torch.rand(1, 3, 16, 16)).sum()
        found = reached(loss)
        loss.backward()
        assert found == {weight for weight in model.parameters() if weight.grad is not None}
        assert found


def test_all_weights_get_a_gradient_and_idle_ones_lose_it_unless_they_are_used_elsewhere():
    used, idle, lent, earlier = weights = [nn.Parameter(torch.ones(2)) for _ in range(4)]
    joining = IdleWeights(weights)
    earlier.grad = torch.full((2,), 3.0)  # Of a batch before, where some of them add up.
    somebody_else = torch.tensor([False, False, True, False])
    joined = joining.join(2 * used.sum(), lambda own: torch.stack([own, somebody_else]))
    assert float(joined.detach()) == 4
    joining.before_backward()
    joined.backward()
    assert [weight.grad is not None for weight in weights] == [True] * 4
    joining.after_backward()
    assert idle.grad is None
    for weight, expected in ((used, 2.0), (lent, 0.0), (earlier, 3.0)):
        assert torch.equal(weight.grad, torch.full((2,), expected))


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("others", [True, False])
def test_the_first_batch_tells_of_all_where_all_batches_are_alike(alike, others):
    one, two = weights = [nn.Parameter(torch.ones(2)) for _ in range(2)]
    asked = []

    def gather(own):
        asked.append(own)
        return torch.stack([own, torch.tensor([True, others])])

    joining = IdleWeights(weights, alike)
    for loss in ((one * two).sum(), one.sum()):
        joined = joining.join(loss, gather)
    looked = not (alike and others)
    assert len(asked) == 1 + looked
    assert reached(joined) == ({one, two} if looked else {one})


@pytest.mark.usefixtures("_leave_the_group")
def test_no_process_waits_for_sharded_weights_that_a_loss_leaves_aside():
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    task, _ = alternating()
    fully_shard(task.colorizer, mesh=init_device_mesh("cpu", (1,)))
    strategy = SimpleNamespace(all_gather=lambda own, **_: own[None])
    task.trainer = SimpleNamespace(world_size=2, strategy=strategy)
    loss = torch.ones((), requires_grad=True)
    assert task.with_idle_weights(loss) is loss
