"""An early end that had been decided when a checkpoint was written."""

from collections.abc import Mapping
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason

from flowcolor.training.say import say

_GOES_ON, _WAITED = EarlyStoppingReason.NOT_STOPPED, EarlyStoppingReason.PATIENCE_EXHAUSTED


def renew_patience(checkpoint: Mapping[str, Any], trainer: Trainer) -> None:
    """Let a training wait as long as it is told to today, in place; Lightning would as before.

    Args:
        checkpoint: Whole; its states of callbacks are still to be loaded.
        trainer: With the callbacks.
    """
    for callback in _of(trainer):
        state = checkpoint["callbacks"].get(callback.state_key)
        if not state:
            continue
        ended = state.get("stopping_reason") == _WAITED.value
        if ended and callback.patience > state["patience"]:
            state |= {"stopping_reason": _GOES_ON.value, "stopping_reason_message": None}
        state["patience"] = callback.patience


def repeat_early_end(trainer: Trainer) -> None:
    """Let a training be over that an early end had ended, as one of all its epochs is.

    It may have been killed before its last files. Lightning would begin another epoch.
    """
    for callback in _of(trainer):
        if callback.stopping_reason != _GOES_ON:
            trainer.should_stop = True
            say(
                f"notice: {type(callback).__name__} has ended this training before: to go on, give "
                "it a larger patience, or leave it out"
            )


def _of(trainer: Trainer) -> list[EarlyStopping]:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return [callback for callback in callbacks if isinstance(callback, EarlyStopping)]
