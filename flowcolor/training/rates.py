"""The steps and the learning rates of a whole training, looked at before it begins."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from lightning import Trainer
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.errors import InputError

_MOST = 20_000  # A fifth of a second.


def planned(trainer: Trainer, unit: str, optimizers: int = 1) -> int:
    """Return how often a schedule advances in a training of so many optimizers.

    Args:
        trainer: A trainer whose training begins.
        unit: After what schedules advance: ``epoch`` or ``step``.
        optimizers: Each has its own steps, which Lightning counts.
    """
    each = _steps_of_epoch(trainer)
    most = trainer.max_epochs or -1
    steps = each * most if most > 0 else math.inf
    if trainer.max_steps > 0:
        steps = min(steps, trainer.max_steps // optimizers)
    count = steps if unit == "step" or steps == math.inf else steps // each
    return int(min(count, _MOST))


def require_least(trainer: Trainer, optimizers: int = 1) -> None:
    """Refuse a least number of steps or epochs that the largest number of the other prevents.

    Raises:
        InputError: It names both.
    """
    each, epochs = _steps_of_epoch(trainer), trainer.max_epochs or -1
    steps, least = trainer.max_steps // optimizers, (trainer.min_steps or 0) // optimizers
    if 0 < each * epochs < least:
        raise InputError(
            f"trainer.min_steps expects at most the {each * epochs} steps of trainer.max_epochs "
            f"{epochs}, got {least}."
        )
    # Beside least steps, Lightning itself says one epoch, which ends where the steps do.
    own = trainer.min_epochs == 1 and trainer.min_steps is not None
    if not own and 0 < steps < each * (trainer.min_epochs or 0):
        raise InputError(
            f"trainer.min_epochs expects epochs, here of {each} steps, for which trainer.max_steps "
            f"{steps} leaves room, got {trainer.min_epochs}."
        )


def _steps_of_epoch(trainer: Trainer) -> int:
    batches = float(trainer.num_training_batches)
    return math.ceil(batches / trainer.accumulate_grad_batches) if batches < math.inf else _MOST


def check_rates(build: Callable[[Any], tuple[Optimizer, Any]], count: int, unit: str) -> None:
    """Refuse a schedule that raises, or lets a learning rate be negative or no number.

    With a negative rate a training climbs its loss. It would be seen only when it is reached, which
    may be epochs later.

    Args:
        build: Builds optimizer and schedule of given parameters, as the training does.
        count: How often the schedule advances in the training.
        unit: After what: ``epoch`` or ``step``.

    Raises:
        InputError: It names the schedule, the rate, and when it is reached.
    """
    optimizer, scheduler = build([torch.zeros((), requires_grad=True)])
    if scheduler is None or isinstance(scheduler, ReduceLROnPlateau):
        return
    name = type(scheduler).__name__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The optimizer makes no steps.
        for done in range(count):
            for group in optimizer.param_groups:
                rate = float(group["lr"])
                if not (math.isfinite(rate) and rate >= 0):
                    raise InputError(
                        f"model.scheduler expects learning rates of at least 0, got {rate:g} by "
                        f"{name} after {unit} {done}."
                    )
            try:
                scheduler.step()
            except (ValueError, ArithmeticError, TypeError) as error:
                raise InputError(
                    f"model.scheduler expects a schedule of {count} {unit}s, {name} says after "
                    f"{done}: {error}."
                ) from error
