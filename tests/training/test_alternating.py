"""Two turns on every batch: each with its own loss and optimizer, on two processes as on one."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from torch.utils.data import default_collate

from flowcolor.errors import InputError
from flowcolor.losses import MSELPIPSLoss
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Alternating
from tests.models.helpers import trained_unet_adain
from tests.training.few_steps import assert_two_are_as_one, fit

RATES = (0.2, 0.05)


def build(limit=None, **options):
    """Return a task without batch statistics, which no two processes share, and samples.

    All have one reference, so that it does not matter who shares a batch with whom.
    """
    model = trained_unet_adain(dropout=0.0)
    for part in list(model.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(part, name, nn.Identity())
    first, second = (partial(torch.optim.SGD, lr=rate) for rate in RATES)
    objective = Alternating(MSELPIPSLoss(lpips=0.0), second, limit)
    task = build_task(model.train(), objective, first, **options)
    torch.manual_seed(1)
    reference = torch.rand(3, 16, 16)
    samples = [
        {"content": x, "truth": y, "reference": reference, "name": str(i)}
        for i, (x, y) in enumerate(torch.rand(4, 2, 3, 16, 16))
    ]
    return task, samples


@pytest.mark.parametrize("limit", [None, 1e-3])
def test_the_second_turn_starts_where_the_first_has_ended(limit):
    task, samples = build(limit)
    model, objective = build()[0].colorizer, task.objective
    for start in (0, 2):
        batch = default_collate(samples[start : start + 2])
        for rate, turn in zip(RATES, ("losses", "style_losses"), strict=True):
            found = getattr(objective, turn)(model, batch)
            loss = found["loss" if turn == "losses" else "style"]
            weights = list(model.parameters())
            grads = torch.autograd.grad(loss, weights, allow_unused=True)
            norm = sum(g.square().sum() for g in grads if g is not None).sqrt()
            assert norm > 1e-3
            share = 1.0 if limit is None else limit / float(norm)
            with torch.no_grad():
                for weight, grad in zip(weights, grads, strict=True):
                    weight -= share * rate * (0 if grad is None else grad)
    trainer = fit(task, samples)
    assert (trainer.global_step, task.steps) == (4, 2)
    for weight, expected in zip(task.colorizer.parameters(), model.parameters(), strict=True):
        assert_close(weight, expected)


@pytest.mark.parametrize(("interval", "epochs"), [("epoch", 2), ("step", 1)])
def test_both_schedules_advance_with_epochs_or_with_batches(interval, epochs):
    halve = partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)
    task, samples = build(scheduler=halve, interval=interval)
    trainer = fit(task, samples, max_epochs=epochs)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]
    assert rates == pytest.approx([rate / 4 for rate in RATES])


def test_a_limit_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"gradient_clip_val expects a finite .* got -1\.0"):
        build(-1.0)


@pytest.mark.slow
def test_two_processes_have_the_weights_of_one(tmp_path):
    assert_two_are_as_one(build, tmp_path)
