"""What a file says of itself is held against what it holds, before memory is taken for it."""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.io.finite import is_dense_and_finite

_MOST_TIMES = 2  # Weights of a simpler model may lack some, as of hints, that start at 0.
# What Lightning calls its own, as 2.6.0rc1 and 2.6.0.dev20260101; of others it raises an error.
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.?(dev|post)\d+)?(\+[a-z0-9]+)?", re.ASCII)
_DEFAULTS = {"downsamplings": 3, "nccbs": 1, "ccbs": 8, "width": 0}


def require_plausible(
    config: Mapping[str, Any], state: Mapping[str, Tensor], path: Path | str
) -> None:
    r"""Refuse a description of a flow that is far larger than the weights beside it.

    With :math:`n = 3 \cdot 4^k` channels after :math:`k` downsamplings, each of the two flows has
    an :math:`n \times n` matrix in every block of its last level, and blocks at every level.

    Args:
        config: Arguments of :class:`~flowcolor.models.SketchColorFlow`.
        state: The weights.
        path: For the message.

    Raises:
        InputError: The weights cannot be those of such a model.
    """
    sizes = {name: config.get(name) or usual for name, usual in _DEFAULTS.items()}
    if not all(type(size) is int and size >= 0 for size in sizes.values()):
        raise InputError(f"{path} does not describe a SketchColorFlow: got the sizes {sizes}.")
    numbers = sum(value.numel() for value in state.values())
    blocks = sizes["nccbs"] + sizes["ccbs"]
    # Compared as exponents first: 4 ** 65536 would itself take memory.
    needed = 2 * blocks * 9 * 16 ** min(sizes["downsamplings"], 16) + sizes["width"] ** 2
    if needed > numbers or sizes["nccbs"] * sizes["downsamplings"] > len(state):
        raise InputError(
            f"{path} does not describe a SketchColorFlow of its own size: {numbers} numbers are "
            f"too few for {', '.join(f'{name} {size}' for name, size in sizes.items() if size)}."
        )


def require_size(
    build: Callable[[], nn.Module], state: Mapping[str, Tensor], path: Path | str
) -> None:
    """Refuse a description of a model of several times as many numbers as there are beside it.

    Args:
        build: Makes the model. It is called where tensors have a shape and take no memory.
        state: The weights.
        path: For the message.

    Raises:
        InputError: The weights cannot be those of such a model.
    """
    try:
        with torch.device("meta"):
            model = build()
    except (TypeError, ValueError, RuntimeError, MemoryError):
        return  # Said by who builds it in earnest.
    expected = sum(value.numel() for value in model.state_dict().values())
    numbers = sum(value.numel() for value in state.values())
    if expected > _MOST_TIMES * numbers:
        raise InputError(
            f"{path} does not describe a {type(model).__name__} of its own size: {numbers} numbers "
            f"are too few for one of {expected}."
        )


def require_weights(state: Mapping[str, Tensor], path: Path | str) -> None:
    """Refuse weights that are all zero: nothing could be painted with them.

    Raises:
        InputError: No parameter differs from zero.
    """
    numbers = [value for value in state.values() if value.is_floating_point() and value.numel()]
    if numbers and not any(bool(value.any()) for value in numbers):
        raise InputError(f"{path} expects trained weights, got nothing but zeros.")


def require_training(checkpoint: Mapping[str, Any], path: Path | str) -> None:
    """Refuse what is not the state of a training, as far as a checkpoint has one.

    Raises:
        InputError: A part is of another type, or an optimizer holds values that are not finite.
    """
    kinds = {
        "epoch": int,
        "global_step": int,
        "loops": dict,
        "callbacks": dict,
        "optimizer_states": list,
        "lr_schedulers": list,
    }
    for name, kind in kinds.items():
        if name in checkpoint and type(checkpoint[name]) is not kind:
            raise _damaged(path, name, kind.__name__, checkpoint[name])
    version = checkpoint.get("pytorch-lightning_version", "0")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise _damaged(path, "pytorch-lightning_version", "a version", version)
    for part in checkpoint.get("lr_schedulers", []):
        if not isinstance(part, dict):
            raise _damaged(path, "lr_schedulers", "dictionaries", part)
    for part in checkpoint.get("optimizer_states", []):
        if not _is_optimizer(part):
            raise _damaged(path, "optimizer_states", "states of finite values and groups", part)


def _is_optimizer(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    state, groups = part.get("state"), part.get("param_groups")
    return (
        isinstance(state, dict)
        and isinstance(groups, list)
        and all(isinstance(group, dict) and _is_group(group) for group in groups)
        and all(
            isinstance(index, int) and isinstance(values, dict) and _is_finite(values)
            for index, values in state.items()
        )
    )


def _is_group(group: Mapping[str, Any]) -> bool:
    rate = group.get("lr")
    if isinstance(rate, Tensor):
        rate = rate.item() if rate.numel() == 1 and is_dense_and_finite(rate) else None
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        return False
    return isinstance(group.get("params"), list) and 0 <= rate < math.inf


def _is_finite(values: Mapping[str, Any]) -> bool:
    return all(
        is_dense_and_finite(value)
        for value in values.values()
        if isinstance(value, Tensor) and value.is_floating_point()
    )


def _damaged(path: Path | str, name: str, expected: str, got: Any) -> InputError:
    return InputError(
        f"{path} expects {expected} under {name!r}, got {type(got).__name__}: it is damaged."
    )
