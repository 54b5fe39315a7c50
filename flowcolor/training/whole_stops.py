"""Whether a checkpoint holds what decides when its training is over."""

from collections.abc import Mapping
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import EarlyStopping, Timer
from lightning.pytorch.callbacks.early_stopping import EarlyStoppingReason

from flowcolor.bounds import is_finite
from flowcolor.training.whole_optimizers import are_counts
from flowcolor.training.whole_state import damaged, is_score

_COUNTS = ("wait_count", "stopped_epoch", "patience")
_REASONS = [reason.value for reason in EarlyStoppingReason]


def require_stops(checkpoint: Mapping[str, Any], trainer: Trainer) -> None:
    """Refuse states by which callbacks of Lightning's would not end a training where they should.

    Args:
        checkpoint: Whole, but for these states. One without them begins to count anew.
        trainer: With the callbacks.

    Raises:
        InputError: A count, a score or a time is none.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        state = checkpoint["callbacks"].get(callback.state_key)
        if state is None or (type(state) is dict and not state):  # Lightning hands over neither.
            continue
        if isinstance(callback, EarlyStopping) and not _is_waiting(state):
            raise damaged("how long a training has waited", "callbacks")
        if isinstance(callback, Timer) and not _is_timed(state):
            raise damaged("how long a training has taken", "callbacks")


def _is_waiting(state: Any) -> bool:
    if not (isinstance(state, dict) and state.keys() >= {*_COUNTS, "best_score"}):
        return False
    reason = state.get("stopping_reason", 0)
    counts = are_counts([state[name] for name in _COUNTS])
    return counts and is_score(state["best_score"]) and type(reason) is int and reason in _REASONS


def _is_timed(state: Any) -> bool:
    times = state.get("time_elapsed") if isinstance(state, dict) else None
    return isinstance(times, dict) and all(
        type(time) in (int, float) and is_finite(time) and time >= 0 for time in times.values()
    )
