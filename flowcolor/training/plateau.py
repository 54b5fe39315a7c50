"""A schedule that waits for a plateau: of which number, and in which direction it is better."""

import math
from typing import Any, Literal

from lightning import Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.errors import InputError
from flowcolor.training.callbacks.monitors import look_early, require_validation
from flowcolor.training.schedules import watched

_HIGHER_IS_BETTER = ("val/ssim", "val/psnr", "val/cross_lines")
_LOWER_IS_BETTER = ("train/", "val/roundtrip_", "val/cross_color_distance")


def direction(monitor: str) -> Literal["min", "max"] | None:
    """Return in which direction a number that we log is better, ``None`` for one that we do not.

    Example:
        >>> direction("val/ssim"), direction("train/loss"), direction("mine")
        ('max', 'min', None)
    """
    if monitor in _HIGHER_IS_BETTER:
        return "max"
    return "min" if monitor.startswith(_LOWER_IS_BETTER) else None


def plateau_schedule(
    scheduler: ReduceLROnPlateau, interval: str, trainer: Trainer
) -> dict[str, Any]:
    """Return what Lightning needs to know to lower the learning rate at a plateau.

    The number that is watched is the scheduler's ``monitor``, which Lightning's class has and
    torch's has not, or else the SSIM of the validation. A number of ours is followed in the
    direction in which it is better, whatever the scheduler's ``mode``, whose default would lower
    the rate because a score rises.

    Args:
        scheduler: As the user has described it; its direction is set.
        interval: The user's; a plateau can only be seen from epoch to epoch.
        trainer: Knows when it validates.

    Raises:
        InputError: There is nothing to watch, or not as often.
    """
    monitor = watched(scheduler)
    if interval != "epoch":
        raise InputError(
            f"model.interval expects epoch with ReduceLROnPlateau, which watches {monitor} from "
            f"epoch to epoch, got {interval}."
        )
    require_validation(trainer, "ReduceLROnPlateau", monitor)
    look_early(trainer, monitor)
    mode = direction(monitor)
    if mode is not None and mode != scheduler.mode:
        worst = -math.inf if mode == "max" else math.inf
        scheduler.mode, scheduler.mode_worse, scheduler.best = mode, worst, worst
    # Between validations, an old number would count as one epoch more without an improvement.
    every = 1 if monitor.startswith("train/") else trainer.check_val_every_n_epoch
    return {
        "scheduler": scheduler,
        "interval": "epoch",
        "monitor": monitor,
        "frequency": every or 1,
    }
