"""A validation that a checkpoint of the batch before it has not seen."""

from typing import Any

from lightning import LightningModule, Trainer
from torch import Tensor

from flowcolor.errors import InputError

_KEY = "numbers_of_last_batch"
_BEGUN = {"ready": 1, "started": 1, "processed": 0, "completed": 0}


def note_unvalidated(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint validate first, where its run was about to.

    Checkpoints every so many steps are written when a batch ends, and the validation follows.
    """
    loop: Any = trainer.fit_loop.epoch_loop
    batches = loop.batch_progress.current
    ends = trainer.training and batches.processed > batches.completed
    if ends and loop._should_check_val_fx(trainer.fit_loop._data_fetcher):
        validate_first(checkpoint, trainer)


def validate_first(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint begin with a whole validation.

    Lightning goes on in one whose first batch was begun. Without that, it takes one for done. What
    the batch before it has logged is looked at after it: by an early end, a plateau, or what keeps
    the best weights.
    """
    logged = trainer.callback_metrics.items()
    numbers = {name: number for name, number in logged if name.startswith("train/")}
    checkpoint[_KEY] = {name: number.detach().cpu() for name, number in numbers.items()}
    loop = checkpoint["loops"]["fit_loop"]
    for counted in ("current", "total"):
        batches = loop["epoch_loop.batch_progress"][counted]
        batches["completed"] = batches["processed"]
        loop["epoch_loop.val_loop.batch_progress"][counted] |= _BEGUN


def numbers_of_last_batch(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """Return what the batch before a validation that is to come has logged.

    Raises:
        InputError: It is something else.
    """
    numbers = checkpoint.get(_KEY, {})
    if not (
        isinstance(numbers, dict)
        and all(isinstance(name, str) for name in numbers)
        and all(isinstance(number, Tensor) and not number.ndim for number in numbers.values())
    ):
        raise InputError(f"The checkpoint expects numbers by name as {_KEY!r}, got others.")
    return numbers


def log_again(numbers: dict[str, Tensor], module: LightningModule) -> None:
    """Give these numbers to those who look at what was logged."""
    here = {name: number.to(module.device) for name, number in numbers.items()}
    module.trainer.callback_metrics.update(here)
