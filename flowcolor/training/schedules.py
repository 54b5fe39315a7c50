"""Schedules of learning rates, where Lightning does not advance them, or too late."""

from typing import Any, Literal

from lightning import Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.training.unfinished import is_unfinished


def watched(scheduler: Any) -> str:
    """Return which number a schedule waits for, which only Lightning's class lets one choose."""
    return str(getattr(scheduler, "monitor", "val/ssim"))


def advance_after_batch(trainer: Trainer, interval: Literal["step", "epoch"]) -> None:
    """Take schedules on by one after every batch, or with the last of an epoch.

    Not only when the epoch has ended: a checkpoint of its last batch is written before.
    """
    if interval == "epoch" and is_unfinished(trainer):
        return
    for config in trainer.lr_scheduler_configs:
        if not isinstance(config.scheduler, ReduceLROnPlateau):
            config.scheduler.step()


def advance_after_epoch(trainer: Trainer) -> None:
    """Take schedules on that wait for a plateau, where their number is new.

    Lightning would do it after checkpoints are written, and not at all in an epoch that is resumed.
    """
    if is_unfinished(trainer):
        return
    for config in trainer.lr_scheduler_configs:
        scheduler, found = config.scheduler, trainer.callback_metrics.get(watched(config.scheduler))
        is_new = (trainer.current_epoch + 1) % config.frequency == 0  # Else of a validation before.
        if isinstance(scheduler, ReduceLROnPlateau) and is_new and found is not None:
            scheduler.step(float(found))
