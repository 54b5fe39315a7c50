"""Refuse numbers that an option cannot have, before anything is computed with them."""

import math
from collections.abc import Iterable
from fractions import Fraction
from numbers import Integral, Real
from typing import TypeGuard

from flowcolor.errors import InputError

_MOST = 2**63 - 1


def within(name: str, value: float, least: float, most: float = math.inf) -> None:
    r"""Raise one sentence unless a number is finite and lies in a range.

    .. math:: \text{least} \le \text{value} \le \text{most}, \qquad |\text{value}| < \infty

    Args:
        name: The option, as the user writes it.
        value: What arrived.
        least: The smallest number that is allowed.
        most: The largest; there is none by default.

    Raises:
        InputError: The number is outside the range or not finite.

    Example:
        >>> within("data.num_workers", -1, 0)
        Traceback (most recent call last):
        flowcolor.errors.InputError: data.num_workers expects a number of at least 0, got -1.
    """
    if is_number(value) and least <= value <= most:
        return
    wanted = f"at least {least:.16g}" if most == math.inf else f"{least:.16g} to {most:.16g}"
    verb = "a number of" if most == math.inf else "a number from"
    plain = is_real(value) and not is_endless(value)
    shown = value if plain else shown_value(value)
    raise InputError(f"{name} expects {verb} {wanted}, got {shown}.")


def whole_within(name: str, value: object, least: int, most: int = _MOST) -> None:
    """Raise one sentence unless a value is a whole number that lies in a range.

    Args:
        name: The option, as the user writes it.
        value: What arrived.
        least: The smallest number that is allowed.
        most: The largest; by default the largest that 64 bits hold.

    Raises:
        InputError: The value is something else.

    Example:
        >>> whole_within("data.size", 64.5, 1, 16384)
        Traceback (most recent call last):
        flowcolor.errors.InputError: data.size expects a whole number from 1 to 16384, got 64.5.
        >>> whole_within("pictures.pairs", 0, 1)
        Traceback (most recent call last):
        flowcolor.errors.InputError: pictures.pairs expects a whole number of at least 1, got 0.
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not (whole and least <= value <= most):  # type: ignore[operator]
        from_below = most == _MOST and not (whole and value > most)  # type: ignore[operator]
        bounds = f"of at least {least}" if from_below else f"from {least} to {most}"
        raise InputError(f"{name} expects a whole number {bounds}, got {shown_value(value)}.")


def is_number(value: object) -> bool:
    """Tell whether a value is a finite number, which true and false are not.

    Nor is a whole number of more than 64 bits, by which no tensor can be multiplied.

    Example:
        >>> is_number(0.5), is_number(True), is_number(2**63)
        (True, False, False)
    """
    return is_real(value) and is_finite(value) and not is_endless(value)


def is_one_of(value: object, words: Iterable[str]) -> bool:
    """Tell whether a value is one of these words: an array, asked alone, is neither in nor out.

    Example:
        >>> is_one_of("a", ("a", "b")), is_one_of(None, ("a", "b"))
        (True, False)
    """
    return isinstance(value, str) and value in words


def is_real(value: object) -> TypeGuard[float]:
    """Tell whether a value is a number, finite or not, of a kind that tensors are multiplied by.

    True and false are none, nor are Python's fractions.

    Example:
        >>> is_real(math.nan), is_real(1), is_real(True), is_real(Fraction(1, 2))
        (True, True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool | Fraction)


def is_endless(value: object) -> bool:
    """Tell whether a value is a whole number that 64 bits do not hold."""
    return isinstance(value, Integral) and not -_MOST <= value <= _MOST  # type: ignore[operator]


def shown_value(value: object) -> str:
    """Return what a sentence says of a value that was refused: of what is long, its type alone.

    Example:
        >>> shown_value("3"), shown_value(10**400), shown_value([0] * 99)
        ("'3'", 'a whole number of more than 64 bits', 'list')
    """
    if is_endless(value):
        return "a whole number of more than 64 bits"
    try:
        shown = repr(value)
    except ValueError:  # Of a list with a number of thousands of digits.
        return type(value).__name__
    return shown if len(shown) <= 60 and "\n" not in shown else type(value).__name__


def is_finite(value: float | Real) -> bool:
    """Tell whether a number is finite and not a whole number of hundreds of digits.

    Python answers for those with an error: no float could hold them.

    Example:
        >>> is_finite(1.5), is_finite(math.inf), is_finite(10**400)
        (True, False, False)
    """
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
