"""Schedules of learning rates, which Lightning leaves to manual optimisation."""

from typing import Literal

from lightning import Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.training.unfinished import is_unfinished


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
    """Take schedules on that wait for a plateau, once their number is there."""
    if is_unfinished(trainer):
        return
    for config in trainer.lr_scheduler_configs:
        scheduler, found = config.scheduler, trainer.callback_metrics.get(str(config.monitor))
        if isinstance(scheduler, ReduceLROnPlateau) and found is not None:
            scheduler.step(float(found))
