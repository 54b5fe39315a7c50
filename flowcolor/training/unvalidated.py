"""A validation that a checkpoint of the batch before it has not seen."""

from collections.abc import Mapping
from typing import Any

from lightning import LightningModule, Trainer
from torch import Tensor

from flowcolor.errors import InputError

_KEY = "numbers_of_last_batch"
_BEGUN = {"ready": 1, "started": 1, "processed": 0, "completed": 0}


def note_unvalidated(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint validate first, where its run was about to.

    Checkpoints every so many steps are written when a batch ends, and the validation follows, or
    the end of the epoch alone.
    """
    loop: Any = trainer.fit_loop.epoch_loop
    batches = loop.batch_progress.current
    if not (trainer.training and batches.processed > batches.completed):
        return
    if loop._should_check_val_fx(trainer.fit_loop._data_fetcher):
        validate_first(checkpoint, trainer)
    elif loop.batch_progress.is_last_batch:
        _note_numbers(checkpoint, trainer)


def validate_first(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint begin with a whole validation.

    Lightning goes on in one whose first batch was begun. Without that, it takes one for done. What
    the batch before it has logged is looked at after it: by an early end, a plateau, or what keeps
    the best weights.
    """
    _note_numbers(checkpoint, trainer)
    loop = checkpoint["loops"]["fit_loop"]
    for counted in ("current", "total"):
        batches = loop["epoch_loop.batch_progress"][counted]
        batches["completed"] = batches["processed"]
        loop["epoch_loop.val_loop.batch_progress"][counted] |= _BEGUN


def _note_numbers(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    logged = trainer.callback_metrics.items()
    numbers = {name: number for name, number in logged if name.startswith("train/")}
    checkpoint[_KEY] = {name: number.detach().cpu() for name, number in numbers.items()}


def numbers_of_last_batch(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    """Return what the batch before a validation, or an epoch's end, that is to come has logged.

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


class LastValidation:
    """Let a training whose last step was done before it was ended validate after that step.

    Lightning looks at ``max_steps`` first, and would take such a training for over: its scores
    would be missing, and what keeps the best weights would not have seen the last ones.
    """

    def __init__(self) -> None:
        self._loop: Any = None
        self._most = 0

    @property
    def is_due(self) -> bool:
        """Whether nothing but a validation is left of this training."""
        return self._loop is not None

    def await_in(self, trainer: Trainer, checkpoint: Mapping[str, Any]) -> None:
        """Move a limit of steps that is reached out of the way, if a validation is to come."""
        loop: Any = trainer.fit_loop.epoch_loop
        done = checkpoint["global_step"]
        if _KEY in checkpoint and 0 <= loop.max_steps <= done:
            self._loop, self._most, loop.max_steps = loop, loop.max_steps, done + 1

    def begin(self, trainer: Trainer) -> None:
        """Put the limit back where no validation will follow, as by other intervals than before."""
        loop: Any = trainer.fit_loop
        if self.is_due and not loop.epoch_loop._should_check_val_fx(loop._data_fetcher):
            self.end()

    def end(self) -> None:
        """Put the limit back, so that no batch follows the validation."""
        if self.is_due:
            self._loop.max_steps, self._loop = self._most, None
