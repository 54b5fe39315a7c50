"""Checks of what functions of statistics are given, so that mistakes are told where they are."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowcolor.bounds import is_number, shown_value, whole_within


def numbers_of(owner: Callable[..., Any], dims: int, /, **given: Any) -> NDArray[np.float64]:
    """Return the one argument as an array of so many dimensions.

    Raises:
        ValueError: It is something else.
    """
    ((name, value),) = given.items()
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = None
    if array is None or array.ndim != dims:
        got = type(value).__name__ if array is None else f"shape {array.shape}"
        axes = "dimension" if dims == 1 else "dimensions"
        raise ValueError(
            f"{owner.__name__} expects {name} to be numbers in {dims} {axes}, got {got}."
        )
    return array


def complete(owner: Callable[..., Any], dims: int, /, **given: Any) -> NDArray[np.float64]:
    """Return the one argument as an array without gaps.

    Raises:
        ValueError: It is something else.
    """
    array = numbers_of(owner, dims, **given)
    if not np.isfinite(array).all():
        (name,) = given
        gaps = int((~np.isfinite(array)).sum())
        raise ValueError(
            f"{owner.__name__} expects {name} to be finite numbers, got {gaps} of {array.size} "
            "that are not."
        )
    return array


def check_draws(
    owner: Callable[..., Any], resamples: object, seed: object, level: object = 0.95
) -> None:
    """Refuse what no bootstrap can be made with.

    Raises:
        InputError: A number is out of range.
        ValueError: The level is none.
    """
    whole_within(f"{owner.__name__}'s resamples", resamples, 1, 10**9)
    whole_within(f"{owner.__name__}'s seed", seed, 0)
    numeric = isinstance(level, Fraction) or is_number(level)  # No tensor is multiplied by it.
    if not (numeric and 0 < level < 1):  # type: ignore[operator]
        raise ValueError(
            f"{owner.__name__} expects level to be a number between 0 and 1, got "
            f"{shown_value(level)}."
        )
