"""Whether a checkpoint holds states that its optimizers and schedules can go on from."""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any

import torch
from torch import Tensor
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from flowcolor.bounds import is_finite
from flowcolor.io.finite import is_dense_and_finite
from flowcolor.training.whole_state import damaged

_RATES = ("lr", "initial_lr")
_ENDS = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")  # Set by schedules.
_COUNTS = ("last_epoch", "_step_count", "num_bad_epochs", "cooldown_counter")
# What a schedule changes, or is changed for it, as the direction in which a plateau is better; all
# else in its state is what it was built with.
_MOVING = {
    *_COUNTS,
    "_last_lr",
    "_is_initial",
    "_get_lr_called_within_step",
    "best",
    "mode",
    "mode_worse",
    "T_cur",
    "T_i",
}
_HOMES = ("torch.optim.", "lightning.pytorch.cli", "flowcolor.")


def require_optimizers(
    checkpoint: Mapping[str, Any], built: Sequence[tuple[Optimizer, Any]], renewed: bool
) -> None:
    """Refuse the states of fewer or other optimizers and schedules than those that are built.

    Args:
        checkpoint: A whole one.
        built: Fresh optimizers, each with its schedule or None.
        renewed: Whether the user has asked for other optimizers or schedules than before.

    Raises:
        InputError: Lightning would begin one anew, or torch would go on with what is no setting and
            no state of it.
    """
    states = checkpoint["optimizer_states"]
    if len(states) != len(built):
        raise damaged(f"{len(built)} of them", "optimizer_states")
    for (optimizer, schedule), state in zip(built, states, strict=True):
        groups, fresh = state["param_groups"], optimizer.state_dict()["param_groups"]
        places = [place for group in groups for place in group["params"]]
        if not all(type(place) is int for place in places) or [
            group["params"] for group in groups
        ] != [group["params"] for group in fresh]:
            raise damaged("the parameters of the model", "optimizer_states")
        # Without momentum, gradient descent alone remembers nothing.
        forgets = all("dampening" in group and _is_zero(group.get("momentum")) for group in groups)
        if checkpoint["global_step"] and not (state["state"] or forgets):
            raise damaged("what was learned", "optimizer_states")
        ends = _ENDS if _is_known(optimizer) and _is_known(schedule) else ()
        if not _are_settings(groups, optimizer, renewed, ends):
            raise damaged(f"settings of {type(optimizer).__name__}", "optimizer_states")
        if not (isinstance(optimizer, LBFGS) or _are_moments(state["state"], optimizer)):
            raise damaged(f"what {type(optimizer).__name__} has learned", "optimizer_states")
    schedules = [schedule for _, schedule in built if schedule is not None]
    known = checkpoint["lr_schedulers"]
    if not renewed and not (len(known) == len(schedules) and all(map(_goes_on, schedules, known))):
        raise damaged("the state of each schedule", "lr_schedulers")
    if not are_counts([state[key] for state in known for key in _COUNTS if key in state]):
        raise damaged("how far each schedule has come", "lr_schedulers")


def _is_zero(momentum: Any) -> bool:
    return momentum is None or (isinstance(momentum, int | float) and momentum == 0)


def are_counts(values: Sequence[Any]) -> bool:
    """Tell whether all are whole numbers of 63 bits, and none is below zero."""
    return all(type(value) is int and 0 <= value < 2**63 for value in values)


def _goes_on(schedule: Any, state: dict[str, Any]) -> bool:
    """Tell whether a schedule, freshly built, would go on as the one did that had this state."""
    own = schedule.state_dict()
    if not is_of_kind(state, own):
        return False
    # One of the user's may change whatever it wants to.
    if not _is_known(schedule):
        return True
    if type(schedule).step is LRScheduler.step:  # Both counts move by one.
        ahead = (each["_step_count"] - each["last_epoch"] for each in (state, own))
        if len({*ahead}) > 1:
            return False
    return _is_built_alike(state, own)


def _is_known(part: Any) -> bool:
    return type(part).__module__.startswith(_HOMES)


def _is_built_alike(found: Any, own: Any) -> bool:
    """Tell whether what no schedule changes is the same in two states of one kind."""
    if isinstance(own, dict):
        return all(
            _is_built_alike(found[key], part) for key, part in own.items() if key not in _MOVING
        )
    if isinstance(own, list | tuple):
        return all(map(_is_built_alike, found, own))
    return own is None or bool(found == own)


def is_of_kind(found: Any, own: Any) -> bool:
    """Tell whether a plain value has the keys, the lengths and the kinds of another.

    What is None in one may be anything in the other, and no number may be missing. Infinity is one:
    a plateau begins with it.

    Example:
        >>> is_of_kind({"gamma": 1, "more": "x"}, {"gamma": 0.5})
        True
        >>> is_of_kind({"gamma": "1"}, {"gamma": 0.5}), is_of_kind(float("nan"), 0.5)
        (False, False)
    """
    if own is None:
        return True
    if isinstance(own, dict):
        return type(found) is type(own) and all(
            key in found and is_of_kind(found[key], part) for key, part in own.items()
        )
    if isinstance(own, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(own)
            and all(map(is_of_kind, found, own))
        )
    # A rate of 1, for one, becomes a fraction.
    if isinstance(own, Tensor) or (type(own) in (int, float) and not isinstance(found, Tensor)):
        return _is_number(found)
    return type(found) is type(own)


def _is_number(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.numel() == 1 and not value.is_complex() and is_dense_and_finite(value)
    # No tensor can be multiplied by a whole number of more bits.
    return value == value and (type(value) is float or (type(value) is int and abs(value) < 2**63))


def _are_settings(
    groups: list[dict[str, Any]], optimizer: Optimizer, renewed: bool, ends: Sequence[str]
) -> bool:
    """Tell whether an optimizer would take these groups; in the end, it has its own again."""
    before = optimizer.state_dict()
    # It knows what is missing in those of older versions of torch.
    optimizer.load_state_dict({"state": {}, "param_groups": groups})
    loaded = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict(before)
    for fresh, group in zip(before["param_groups"], loaded, strict=True):
        if not all(_is_number(group[name]) for name in _RATES if name in group):
            return False
        if not (renewed or (_agrees(group, fresh, ends) and _is_taken(group, type(optimizer)))):
            return False
    return True


def _agrees(group: dict[str, Any], fresh: dict[str, Any], ends: Sequence[str]) -> bool:
    """Tell whether each setting is of its kind: numbers may move, what is said in words may not.

    Neither may those between which a schedule moves the others.
    """
    for name, own in fresh.items():
        if name == "params":
            continue
        if name not in group:
            return False
        found = group[name]
        is_said = own is None or isinstance(own, bool | str)
        if is_said and (type(found) is not type(own) or found != own):
            return False
        if not is_said and name not in _RATES and not is_of_kind(found, own):
            return False
        if name in ends and not is_said and bool(found != own):
            return False
    return True


def _is_taken(group: dict[str, Any], kind: type[Optimizer]) -> bool:
    """Tell whether torch builds an optimizer of its own with these numbers."""
    if not kind.__module__.startswith("torch.optim."):
        return True
    numbers: dict[str, Any] = {
        name: value
        for name, value in group.items()
        if isinstance(value, int | float | list | tuple)
        and not isinstance(value, bool)
        and name in signature(kind).parameters
        and name not in ("params", *_RATES)
    }
    parts = [
        part
        for value in numbers.values()
        for part in (value if isinstance(value, list | tuple) else [value])
    ]
    if not all(part is None or is_finite(part) for part in parts):
        return False
    try:
        kind([torch.zeros(1, 1)], **numbers)
    except (ValueError, TypeError):
        return False
    return True


def _are_moments(states: Mapping[int, dict[str, Any]], optimizer: Optimizer) -> bool:
    """Tell whether there are states of parameters, each of the same parts and of its own shape."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    known: dict[bool, set[str]] = {}  # Adafactor keeps less of matrices than of vectors.
    for place, values in states.items():
        if not (type(place) is int and 0 <= place < len(parameters)):
            return False
        parameter = parameters[place]
        if values.keys() != known.setdefault(parameter.ndim > 1, {*values}):
            return False
        if not all(_is_moment(value, parameter) for value in values.values()):
            return False
        if "step" in values and not (_is_number(values["step"]) and values["step"] >= 0):
            return False
    return True


def _is_moment(value: Any, parameter: Tensor) -> bool:
    if not isinstance(value, Tensor):
        return value is None or _is_number(value)
    if value.numel() == 1:
        return _is_number(value)
    fits = value.ndim == parameter.ndim and all(
        size in (1, own) for size, own in zip(value.shape, parameter.shape, strict=True)
    )
    alike = value.is_floating_point() == parameter.is_floating_point()
    return fits and alike and value.is_complex() == parameter.is_complex()
