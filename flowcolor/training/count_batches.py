"""What a user counts in batches, where Lightning counts the steps of both optimizers."""

from collections.abc import Callable
from functools import partial
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import WeightAveraging


def count_batches(trainer: Trainer) -> None:
    """Let limits of steps, and checkpoints every so many steps, mean batches of two optimizers."""
    loop: Any = trainer.fit_loop.epoch_loop
    if loop.max_steps > 0:
        loop.max_steps *= 2
    loop.min_steps = 2 * (loop.min_steps or 0) or None
    for callback in trainer.checkpoint_callbacks:
        # Lightning has no setter; a property only reads it.
        own: Any = callback
        own._every_n_train_steps = 2 * getattr(callback, "_every_n_train_steps", 0)


def average_by_batches(trainer: Trainer) -> None:
    """Let averages of the weights move every so many batches.

    Lightning asks them after each batch, by the number of its last step: of two optimizers always
    an odd one, so that an average of every second step would stay what the weights were at first,
    and take their place in the end.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        if isinstance(callback, WeightAveraging) and "should_update" not in vars(callback):
            own: Any = callback
            own.should_update = partial(_by_batch, callback.should_update)


def _by_batch(
    should_update: Callable[..., bool], step_idx: int | None = None, epoch_idx: int | None = None
) -> bool:
    batch = None if step_idx is None else step_idx // 2
    return should_update(step_idx=batch, epoch_idx=epoch_idx)
