"""Steps of both sides of a game against gradient descent by hand, and on two processes."""

from contextlib import nullcontext
from functools import partial

import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch.testing import assert_close
from torch.utils.data import default_collate

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import PatchCritic, SketchColorFlow
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Adversarial, Alternating, Paired
from tests.training.few_steps import assert_two_are_as_one, fit, weights_of_two_and_of_one

RATES = (0.01, 0.05)


def build(limit=None, **options):
    torch.manual_seed(0)
    own, critics = (partial(torch.optim.SGD, lr=rate) for rate in RATES)
    objective = Adversarial(
        Paired(ColorizationLoss(perceptual=0.0)),
        PatchCritic(6, 4, 1),
        weight=0.5,
        optimizer=critics,
        gradient_clip_val=limit,
    )
    task = build_task(SketchColorFlow(1, nccbs=0, ccbs=1).train(), objective, own, **options)
    names = ("content", "reference", "truth")
    samples = [
        dict(zip(names, given, strict=True)) | {"name": str(i)}
        for i, given in enumerate(torch.rand(4, 3, 3, 16, 16))
    ]
    return task, samples


class ScaledPrecision(MixedPrecision):
    """Float32 with the scaled loss of float16, which needs no GPU."""

    def __init__(self, scale=64.0):
        # It doubles with every batch whose gradients are finite, and is halved with any other.
        scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=1)
        super().__init__("16-mixed", "cpu", scaler)

    def forward_context(self):
        return nullcontext()


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("limit", [None, 0.1])
def test_both_sides_step_at_the_same_moment_by_their_own_gradients(limit, scaled):
    task, samples = build(limit)
    by_hand, _ = build(limit)
    sides = (list(by_hand.colorizer.parameters()), list(by_hand.objective.critic.parameters()))
    for start in (0, 2):
        batch = default_collate(samples[start : start + 2])
        made = by_hand.objective.losses(by_hand.colorizer, batch)
        lost = by_hand.objective.critic_losses(batch, made)["critic"]
        grads = [
            torch.autograd.grad(loss, weights)
            for loss, weights in zip((made["loss"], lost), sides, strict=True)
        ]
        for rate, weights, grad in zip(RATES, sides, grads, strict=True):
            norm = torch.stack([g.square().sum() for g in grad]).sum().sqrt()
            share = 1.0 if limit is None else min(1.0, limit / float(norm))
            with torch.no_grad():
                for weight, g in zip(weights, grad, strict=True):
                    weight -= rate * share * g
    trainer = fit(task, samples, plugins=[ScaledPrecision()] if scaled else [])
    assert (trainer.global_step, task.steps) == (4, 2)
    if scaled:
        assert trainer.precision_plugin.scaler.get_scale() == 64 * 2**2
    for name, value in by_hand.state_dict().items():
        assert_close(task.state_dict()[name], value, rtol=1e-4, atol=1e-6, msg=name)


def test_both_schedules_advance_with_batches_on_request():
    halve = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    task, samples = build(scheduler=halve, interval="step")
    trainer = fit(task, samples)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]
    assert rates == pytest.approx([rate / 4 for rate in RATES])


def test_steps_that_overflow_are_left_out_without_a_word():
    halve = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    task, samples = build(scheduler=halve, interval="step")
    trainer = fit(task, samples, plugins=[ScaledPrecision(2.0**127)])  # Warnings are errors.
    assert trainer.precision_plugin.scaler.get_scale() == 2.0**125


@pytest.mark.slow
def test_either_of_two_processes_has_the_weights_of_one(tmp_path):
    assert_two_are_as_one(build, tmp_path, rtol=1e-4, atol=1e-5)


class Counting(SketchColorFlow):
    """Keeps statistics of batches, and what they were when its last step began."""

    def __init__(self):
        super().__init__(1, nccbs=0, ccbs=1)
        self.norm = torch.nn.BatchNorm2d(3, affine=False)
        self.register_buffer("at_first", torch.zeros(3))

    def colorize(self, content, reference=None, **options):
        self.at_first.copy_(self.norm.running_mean)
        self.norm(reference)
        return super().colorize(content, reference, **options)


def build_counting():
    task, samples = build()
    task.colorizer = Counting().train()
    return task, samples


@pytest.mark.slow
def test_two_processes_begin_a_step_with_one_set_of_statistics(tmp_path):
    first, second, _ = weights_of_two_and_of_one(build_counting, tmp_path)
    assert first["colorizer.at_first"].min() > 0.03
    assert torch.equal(first["colorizer.at_first"], second["colorizer.at_first"])


class Lighter(Paired):
    """The distance to a truth whose brightness is learned, and that brightness as a score."""

    def __init__(self):
        super().__init__(ColorizationLoss(perceptual=0.0))
        self.brightness = torch.nn.Parameter(torch.tensor(0.5))

    def losses(self, colorizer, batch):
        return super().losses(colorizer, batch | {"truth": self.brightness * batch["truth"]})

    def scores(self, colorizer, batch):
        return {"brightness": self.brightness}


def detach_loss(made):
    return made | {"loss": made["loss"].detach()}


class Detached(Paired):
    """A loss from which nothing can be learnt, as of a slip."""

    def losses(self, colorizer, batch):
        return detach_loss(super().losses(colorizer, batch))


class DetachedGame(Adversarial):
    """The same beside a critic, who would learn."""

    def losses(self, colorizer, batch):
        return detach_loss(super().losses(colorizer, batch))


@pytest.mark.parametrize("kind", [Detached, DetachedGame])
def test_a_loss_without_gradients_is_refused(kind):
    task, samples = build()
    loss = ColorizationLoss(perceptual=0.0)
    game = kind is DetachedGame
    objective = kind(Paired(loss), task.objective.critic) if game else kind(loss)
    expected = f"{kind.__name__} expects its loss to depend on weights that train, got one without"
    with pytest.raises(InputError, match=expected):
        fit(build_task(task.colorizer, objective), samples[:2])


def test_weights_and_scores_of_the_objective_inside_are_its_own():
    task, samples = build()
    task.objective.objective = inside = Lighter()
    assert task.objective.scores(task.colorizer, {}) == {"brightness": inside.brightness}
    batch = default_collate(samples[:2])
    losses = task.objective.losses(task.colorizer, batch)
    (slope,) = torch.autograd.grad(losses["loss"], inside.brightness)
    assert abs(slope) > 1e-3
    fit(task, samples[:2])
    assert_close(inside.brightness, 0.5 - RATES[0] * slope)


def test_an_objective_that_takes_turns_by_itself_is_refused_inside():
    inside = Alternating(MSELPIPSLoss(lpips=0.0))
    with pytest.raises(InputError, match=r"a critic can judge, in one turn, got Alternating\.$"):
        Adversarial(inside)
