"""Numbers that checkpoints are named by, or they, an early end or a plateau wait for: are there?"""

import re
from collections.abc import Iterator
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.errors import InputError, did_you_mean
from flowcolor.training.schedules import watched

_OF_EVERY_VALIDATION = ("val/ssim", "val/psnr", "val/cross_color_distance")
_NOW_AND_THEN = ("train/roundtrip_", "lr-")  # Not of every batch; of Lightning's monitor of rates.
_COUNTED = ("epoch", "step")  # What Lightning gives to checkpoints beside.
_FILENAME = "The filename of a checkpoint"


class MissingNumberError(InputError):
    """Nothing logs a number that is waited for, as the first batch shows."""


class Monitors(Callback):
    """Refuse a name that nothing logs before the first epoch, at whose end it would be missed.

    Which names there are, the objective and the colorizer say. So for names of validation that not
    every training has, one batch is validated first.
    """

    def __init__(self) -> None:
        self._looked = False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        """Ask for a first look at what validations log, where a name may be missing there."""
        for who, name in _of_callbacks(trainer):
            if who == _FILENAME and name.startswith("val/"):
                require_validation(trainer, who, name)
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


def require_validation(trainer: Trainer, who: str, name: str) -> None:
    """Refuse a number of the validation where nothing is validated.

    Args:
        trainer: Knows whether it validates.
        who: Waits for the number.
        name: Of the number.

    Raises:
        InputError: It would wait for ever.
    """
    if not name.startswith("train/") and trainer.limit_val_batches == 0:
        raise InputError(
            f"{who} waits for {name}, but trainer.limit_val_batches 0 leaves out the validation: "
            "take train/loss, or validate."
        )


def stop_after_validation(trainer: Trainer) -> None:
    """Let an early end be decided after each validation, not after each epoch.

    A limit of steps or of time ends an epoch without one: an old number would count once more, or
    there would be none, by which Lightning gives up before it writes the last checkpoint.

    Raises:
        InputError: Nothing is validated.
    """
    for callback in trainer.early_stopping_callbacks:
        if isinstance(callback, EarlyStopping) and callback.monitor.startswith("val/"):
            require_validation(trainer, type(callback).__name__, callback.monitor)
            if callback._check_on_train_epoch_end is None:
                callback._check_on_train_epoch_end = False


def _require(trainer: Trainer, prefix: str, more: set[str]) -> None:
    known = sorted(trainer.callback_metrics.keys() | more)
    schedules: list[Any] = [config.scheduler for config in trainer.lr_scheduler_configs]
    waiting = [each for each in schedules if isinstance(each, ReduceLROnPlateau)]
    plateaus = [("ReduceLROnPlateau", watched(scheduler)) for scheduler in waiting]
    for who, name in [*_of_callbacks(trainer), *plateaus]:
        if name in known or name.startswith(_NOW_AND_THEN):
            continue
        # A callback of the user's may log a number of another name later.
        has_place = name.startswith(("train/", "val/"))
        is_last_look = prefix == "val/" or trainer.limit_val_batches == 0
        if name.startswith(prefix) or (not (has_place or _has_others(trainer)) and is_last_look):
            logged = [each for each in known if each.startswith(prefix)]
            verb = "expects to monitor"
            if who == _FILENAME:
                verb, logged = "expects", [*_COUNTED, *logged]
            raise MissingNumberError(
                f"{who} {verb} one of {', '.join(logged)}, got {name}{did_you_mean(name, logged)}."
            )


def _has_others(trainer: Trainer) -> bool:
    return any(
        not type(callback).__module__.startswith(("flowcolor.", "lightning."))
        for callback in trainer.callbacks  # type: ignore[attr-defined]
    )


def _of_callbacks(trainer: Trainer) -> Iterator[tuple[str, str]]:
    """Yield who waits for a number, and its name."""
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        counted = _COUNTED if isinstance(callback, ModelCheckpoint) else ()
        name = getattr(callback, "monitor", None)
        if isinstance(name, str) and name not in counted:
            yield type(callback).__name__, name
        if isinstance(callback, ModelCheckpoint):
            for name in re.findall(r"\{(.*?)[:}]", callback.filename or ""):  # As Lightning does.
                if name not in counted:
                    yield _FILENAME, name
