"""What a user counts in batches, where Lightning counts the steps of both optimizers."""

from typing import Any

from lightning import Trainer


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
