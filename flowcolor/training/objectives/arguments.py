"""Checks of what objectives are made of, before anything is trained with it."""

from numbers import Integral
from types import UnionType
from typing import Any

from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError


def check_weight(**numbers: Any) -> None:
    """Raise :class:`InputError` for what is no finite number of at least 0."""
    for name, value in numbers.items():
        if not (is_number(value) and value >= 0):
            shown = _shown(value, shown_value(value))
            raise InputError(f"{name} expects a finite number of at least 0, got {shown}.")


def check_share(*, zero: bool = True, **numbers: Any) -> None:
    """Raise :class:`InputError` for what is no number from 0 to 1, or from above it."""
    for name, value in numbers.items():
        if not (is_number(value) and 0 <= value <= 1 and (zero or value > 0)):
            wanted = "from 0 to 1" if zero else "above 0 and up to 1"
            raise InputError(f"{name} expects a number {wanted}, got {_shown(value)}.")


def check_whole(least: int, most: int, **numbers: Any) -> None:
    """Raise :class:`InputError` for what is no whole number of a range."""
    for name, value in numbers.items():
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not (whole and least <= value <= most):
            wanted = f"a whole number from {least} to {most}"
            raise InputError(f"{name} expects {wanted}, got {_shown(value)}.")


def check_part(kind: type | UnionType, **parts: Any) -> None:
    """Raise :class:`InputError` for a loss, a critic or another part that is none of a kind."""
    kinds = kind.__args__ if isinstance(kind, UnionType) else (kind,)
    names = " or ".join(each.__name__ for each in kinds)
    for name, part in parts.items():
        if part is not None and not isinstance(part, kind):
            raise InputError(f"{name} expects {names}, got {_shown(part)}.")


def check_optimizer(optimizer: Any) -> None:
    """Raise :class:`InputError` for what cannot build an optimizer of parameters."""
    if optimizer is not None and not callable(optimizer):
        raise InputError(
            "optimizer expects a function that builds one of given parameters, got "
            f"{_shown(optimizer)}."
        )


def _shown(value: object, text: str | None = None) -> str:
    text = repr(value) if text is None else text
    return text if len(text) <= 60 else type(value).__name__
