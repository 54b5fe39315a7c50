"""Numbers that checkpoints, an early end or a plateau wait for: do they exist?"""

from collections.abc import Iterator
from typing import Any

from lightning import Callback, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.errors import InputError, did_you_mean
from flowcolor.training.schedules import watched

_OF_EVERY_VALIDATION = ("val/ssim", "val/psnr", "val/cross_color_distance")
_NOW_AND_THEN = "train/roundtrip_"  # Not of every batch.


class Monitors(Callback):
    """Refuse a name that nothing logs before the first epoch, at whose end it would be missed.

    Which names there are, the objective and the colorizer say. So for names of validation that not
    every training has, one batch is validated first.
    """

    def __init__(self) -> None:
        self._looked = False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Ask for a first look at what validations log, where a name may be missing there."""
        for _, name in _of_callbacks(trainer):
            look_early(trainer, name)

    def on_sanity_check_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Look for names of the validation."""
        # Lightning hides numbers of the first of several loaders until the end.
        _require(trainer, "val/", pl_module.scored)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Look for names of the training, after the first batch."""
        if not self._looked:
            _require(trainer, "train/", set())
        self._looked = True


def look_early(trainer: Trainer, name: str) -> None:
    """Let one batch be validated first, if ``name`` may not be among what that logs."""
    if not name.startswith("train/") and name not in _OF_EVERY_VALIDATION:
        trainer.num_sanity_val_steps = max(1, trainer.num_sanity_val_steps)


def _require(trainer: Trainer, prefix: str, more: set[str]) -> None:
    known = sorted(trainer.callback_metrics.keys() | more)
    schedules: list[Any] = [config.scheduler for config in trainer.lr_scheduler_configs]
    waiting = [each for each in schedules if isinstance(each, ReduceLROnPlateau)]
    plateaus = [("ReduceLROnPlateau", watched(scheduler)) for scheduler in waiting]
    for who, name in [*_of_callbacks(trainer), *plateaus]:
        if name in known or name.startswith(_NOW_AND_THEN):
            continue
        # A callback of the user's may log a number of another name later.
        ours = name.startswith(("train/", "val/")) or not _has_others(trainer)
        if ours and name.startswith("train/") == (prefix == "train/"):
            logged = [each for each in known if each.startswith(prefix)]
            raise InputError(
                f"{who} expects to monitor one of {', '.join(logged)}, got {name}"
                f"{did_you_mean(name, logged)}."
            )


def _has_others(trainer: Trainer) -> bool:
    return any(
        not type(callback).__module__.startswith(("flowcolor.", "lightning."))
        for callback in trainer.callbacks  # type: ignore[attr-defined]
    )


def _of_callbacks(trainer: Trainer) -> Iterator[tuple[str, str]]:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        name = getattr(callback, "monitor", None)
        if isinstance(name, str):
            yield type(callback).__name__, name
