"""Schedules of learning rates, which Lightning leaves to manual optimisation."""

from lightning import Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau


def advance_schedules(trainer: Trainer) -> None:
    """Take every schedule on by one; one that waits for a plateau, once its number is there."""
    for config in trainer.lr_scheduler_configs:
        if not isinstance(config.scheduler, ReduceLROnPlateau):
            config.scheduler.step()
        elif config.monitor in trainer.callback_metrics:
            config.scheduler.step(float(trainer.callback_metrics[config.monitor]))
