"""How a training goes on after an end: from its newest checkpoint, with settings of today."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

from lightning import Trainer
from torch.optim import Optimizer

from flowcolor.io.plain_load import plain_load


def newest_checkpoint(trainer: Trainer | None) -> Path | None:
    """Return what a run that fails can be continued from: its newest checkpoint, if it has one.

    One that holds the very weights that fail is none.
    """
    if trainer is None:
        return None
    saved = [getattr(callback, "best_model_path", "") for callback in trainer.checkpoint_callbacks]
    paths = [Path(path) for path in [*saved, trainer.ckpt_path] if path]
    step = trainer.global_step
    files = [path for path in paths if path.is_file() and _is_of_other_weights(path, step)]
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def _is_of_other_weights(checkpoint: Path, step: int) -> bool:
    try:
        return bool(plain_load(checkpoint).get("global_step") != step)
    except (OSError, RuntimeError, BadZipFile, UnpicklingError):
        return False  # It could not be continued from, either.


def renew_optimizer(
    checkpoint: dict[str, Any], optimizer: Optimizer, scheduler: Any, place: int = 0
) -> None:
    """Let a freshly built optimizer's settings replace those in a checkpoint, in place.

    What was learned stays: the moments, and how far the schedule has come. A learning rate that
    the schedule had lowered to a tenth continues at a tenth of the new one.
    """
    for state in checkpoint["optimizer_states"][place : place + 1]:
        fresh = optimizer.state_dict()["param_groups"]
        for old, new in zip(state["param_groups"], fresh, strict=True):
            initial = old.get("initial_lr", old["lr"])
            progress = old["lr"] / initial if initial else 1.0
            start = new.get("initial_lr", new["lr"])
            old |= {key: value for key, value in new.items() if key != "params"}
            old["lr"] = start * progress
    if scheduler is not None and checkpoint["lr_schedulers"]:
        state = checkpoint["lr_schedulers"][place]
        new = scheduler.state_dict()
        counters = {key: state[key] for key in ("last_epoch", "_step_count") if key in state}
        if {"last_epoch", "_step_count"} <= new.keys() and "last_epoch" in counters:
            # Not all schedules count their steps, and those that do count both together.
            counters["_step_count"] = new["_step_count"] - new["last_epoch"] + state["last_epoch"]
        state |= new | counters
