"""An early end: it counts whole epochs alone, and stays decided in what is resumed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason

from flowcolor.training.say import say
from flowcolor.training.unfinished import is_unfinished

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


def pass_over_limits(trainer: Trainer) -> None:
    """Let early ends pass over what a limit of steps or of time brings about.

    That is the end of an epoch before its last batch, and a validation there. What is resumed goes
    on in that epoch, and would have waited for one more than a training in one go.
    """
    for callback in _of(trainer):
        own: Any = callback
        own._should_skip_check = partial(_skips, type(own)._should_skip_check.__get__(own))


def _skips(skips: Callable[[Trainer], bool], trainer: Trainer) -> bool:
    planned = trainer.validating and _validates_without_limit(trainer)
    return skips(trainer) or (is_unfinished(trainer) and not planned)


def _validates_without_limit(trainer: Trainer) -> bool:
    if not trainer.should_stop:
        return True
    loop: Any = trainer.fit_loop
    trainer.should_stop = False
    planned = bool(loop.epoch_loop._should_check_val_fx(loop._data_fetcher))
    trainer.should_stop = True
    return planned


def _of(trainer: Trainer) -> list[EarlyStopping]:
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return [callback for callback in callbacks if isinstance(callback, EarlyStopping)]
