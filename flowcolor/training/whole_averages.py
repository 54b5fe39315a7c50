"""Whether a checkpoint holds what averages of the weights go on from."""

from collections.abc import Mapping
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import StochasticWeightAveraging, WeightAveraging
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.models.checkpoint import require_same, require_tensors
from flowcolor.training.whole_optimizers import are_counts
from flowcolor.training.whole_state import damaged

CURRENT = "current_model_state"
_PARTS = (CURRENT, "averaging_state")
_ANNEALED = {"anneal_epochs", "_anneal_strategy"}  # What only the schedule of an average has.
_STOCHASTIC = {"n_averaged", "latest_update_epoch", "scheduler_state", "average_model_state"}


def require_averages(
    checkpoint: Mapping[str, Any], trainer: Trainer, module: LightningModule
) -> None:
    """Refuse averages of other weights, or without the place that they have come to.

    A checkpoint of a training without an average has none, and one begins with it.

    Args:
        checkpoint: Whole, but for averages.
        trainer: With the callbacks that average.
        module: What is trained.

    Raises:
        InputError: Lightning would begin an average anew, or go on from others.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        known = checkpoint["callbacks"].get(callback.state_key)
        if isinstance(callback, WeightAveraging):
            _require_average(checkpoint, known, callback, module)
        elif isinstance(callback, StochasticWeightAveraging):
            _require_stochastic(checkpoint, known, module)


def _require_average(
    checkpoint: Mapping[str, Any], known: Any, callback: Any, module: LightningModule
) -> None:
    parts: list[Any] = [checkpoint.get(name) for name in _PARTS]
    weights, averaging = parts
    if all(part is None for part in (*parts, known)):
        return
    if not all(isinstance(part, dict) for part in (*parts, known)):
        raise InputError(
            f"The checkpoint expects {' and '.join(_PARTS)} and the state of the average "
            "under 'callbacks', got a part of them alone: it is damaged."
        )
    require_weights(weights, checkpoint, module)
    require_tensors(averaging, "The checkpoint")
    own = callback._average_model.state_dict()
    counts = {name: value for name, value in own.items() if not name.startswith("module.")}
    require_same(averaging, counts, "The checkpoint")
    if any(bool((value < 0).any()) for value in averaging.values()):
        raise damaged("how many were averaged", _PARTS[1])
    latest = known.get("latest_update_step")
    if not are_counts([latest]) or latest > checkpoint["global_step"]:
        raise damaged("how far the average has come", "callbacks")


def _require_stochastic(checkpoint: Mapping[str, Any], known: Any, module: LightningModule) -> None:
    if known is None and not any(
        state.keys() >= _ANNEALED for state in checkpoint["lr_schedulers"]
    ):
        return
    if not (isinstance(known, dict) and known.keys() >= _STOCHASTIC):
        raise damaged("the state of the average", "callbacks")
    count, latest, schedule = (
        known[name] for name in ("n_averaged", "latest_update_epoch", "scheduler_state")
    )
    # It is -1 before the first.
    if not (
        type(latest) is int
        and -1 <= latest <= checkpoint.get("epoch", -1)
        and are_counts([count])
        and count <= latest + 1
    ):
        raise damaged("how far the average has come", "callbacks")
    if not (_is_schedule(schedule) if count else schedule is None):
        raise damaged("the schedule of the average", "callbacks")
    weights = known["average_model_state"]
    if not isinstance(weights, dict):
        raise damaged("averaged weights", "callbacks")
    require_weights(weights, checkpoint, module)


def require_weights(
    weights: Mapping[str, Any], checkpoint: Mapping[str, Any], module: LightningModule
) -> None:
    """Refuse what are no weights of the model, or not of the types of those beside them.

    Args:
        weights: Those of the checkpoint that are looked at.
        checkpoint: With others.
        module: What is trained.

    Raises:
        InputError: It names the first.
    """
    found, beside, own = (
        {name: value for name, value in each.items() if not str(name).endswith("_extra_state")}
        for each in (weights, checkpoint["state_dict"], module.state_dict())
    )
    require_tensors(found, "The checkpoint")
    require_same(found, own, "The checkpoint")
    for name, value in found.items():
        if isinstance(beside[name], Tensor) and value.dtype != beside[name].dtype:
            raise InputError(
                f"The checkpoint expects {beside[name].dtype} as {name!r} wherever it holds it, "
                f"got {value.dtype}: it is damaged."
            )


def _is_schedule(state: Any) -> bool:
    """Tell whether this is the state of ``SWALR``."""
    counts = ("last_epoch", "_step_count", "anneal_epochs")
    return (
        isinstance(state, dict)
        and state.keys() >= {*counts, *_ANNEALED}
        and are_counts([state[name] for name in counts])
        and state["_anneal_strategy"] in ("cos", "linear")
    )
