"""Schedules of learning rates, where Lightning does not advance them, or too late."""

from collections.abc import Iterator
from typing import Any, Literal

from lightning import Trainer
from lightning.pytorch.trainer.states import TrainerFn
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
    if not is_unfinished(trainer):
        for _, scheduler, number in _plateaus(trainer):
            scheduler.step(number)


def note_plateaus(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Advance such schedules in a checkpoint of the validation at an epoch's end.

    That of the best weights is written then. What resumes from it validates nothing again.
    """
    if not (trainer.state.fn == TrainerFn.FITTING and trainer.validating) or is_unfinished(trainer):
        return
    for place, scheduler, number in _plateaus(trainer):
        groups = scheduler.optimizer.param_groups
        before, rates = scheduler.state_dict(), [group["lr"] for group in groups]
        scheduler.step(number)
        checkpoint["lr_schedulers"][place] = scheduler.state_dict()
        saved = checkpoint["optimizer_states"][trainer.optimizers.index(scheduler.optimizer)]
        for group, saved_group, rate in zip(groups, saved["param_groups"], rates, strict=True):
            saved_group["lr"], group["lr"] = group["lr"], rate
        scheduler.load_state_dict(before)


def _plateaus(trainer: Trainer) -> Iterator[tuple[int, ReduceLROnPlateau, float]]:
    """Yield place, schedule and number of those whose number is new."""
    for place, config in enumerate(trainer.lr_scheduler_configs):
        scheduler, found = config.scheduler, trainer.callback_metrics.get(watched(config.scheduler))
        is_new = (trainer.current_epoch + 1) % config.frequency == 0  # Else of a validation before.
        if isinstance(scheduler, ReduceLROnPlateau) and is_new and found is not None:
            yield place, scheduler, float(found)
