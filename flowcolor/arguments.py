"""Checks of what constructors are given, so that mistakes are told where they are made."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from numbers import Integral
from os import PathLike
from typing import Any, ParamSpec, TypeGuard, TypeVar, get_args

import numpy as np
import torch
from torch import nn

from flowcolor.bounds import is_number, shown_value

MOST_BLOCKS = 1024
MOST_PARAMETERS = 4e9  # 16 GB, and as much again for gradients.
MOST_PIXELS = 1e9  # 16 GB of colours and a mask.

Given = ParamSpec("Given")
Built = TypeVar("Built")


def plain_numbers(build: Callable[Given, Built]) -> Callable[Given, Built]:
    """Hand NumPy's numbers, alone or in lists, to a function as Python's: a decorator.

    Those of NumPy overflow, wrap and round in the arithmetic that follows.

    Example:
        >>> plain_numbers(lambda channels: 4 * channels)(np.uint8(200))
        800
    """

    @wraps(build)
    def built(*args: Given.args, **options: Given.kwargs) -> Built:
        found: dict[str, Any] = {name: _plain(value) for name, value in options.items()}
        return build(*map(_plain, args), **found)

    return built


def _plain(value: Any) -> Any:
    if type(value) in (list, tuple):
        parts = type(value)(map(_plain, value))
        changed = any(part is not before for part, before in zip(parts, value, strict=True))
        return parts if changed else value  # The caller's own list, which may be looked at later.
    if isinstance(value, np.integer):
        return int(value)
    return float(value) if isinstance(value, np.floating) else value


def check_count(owner: object, /, **counts: object) -> None:
    """Raise ``ValueError`` for an argument that is no whole number of at least 1."""
    for name, count in counts.items():
        if not _is_count(count):
            expected = "a whole number of at least 1"
            raise ValueError(_message(owner, name, expected, count))


def check_counts(owner: object, length: int, /, **lists: object) -> None:
    """Raise ``ValueError`` for an argument that is not so many whole numbers of at least 1."""
    check_list(owner, **lists)
    for name, counts in lists.items():
        good = all(_is_count(count) for count in counts)  # type: ignore[attr-defined]
        if len(counts) != length or not good:  # type: ignore[arg-type]
            expected = f"{length} whole numbers of at least 1"
            raise ValueError(_message(owner, name, expected, counts))


def check_parameters(owner: object, parameters: int, /, **sizes: object) -> None:
    """Refuse sizes of more parameters than a machine can hold, before memory is asked for.

    Args:
        owner: What is built; its class begins the message.
        parameters: About how many there would be.
        sizes: What they follow from.

    Raises:
        ValueError: There would be too many.
    """
    if parameters > MOST_PARAMETERS:
        got = " and ".join(str(size) for size in sizes.values())
        raise ValueError(
            f"{_name(owner)} expects {' and '.join(sizes)} that give up to "
            f"{MOST_PARAMETERS / 1e9:.0f} billion parameters, got {got}."
        )


def check_picture(owner: object, height: int, width: int, /) -> None:
    """Raise ``ValueError`` for sides of no picture, or of one that no machine could hold."""
    check_count(owner, height=height, width=width)
    if height * width > MOST_PIXELS:
        raise ValueError(
            f"{_name(owner)} expects height and width that give up to {MOST_PIXELS / 1e9:.0f} "
            f"billion pixels, got {shown_value(height)} and {shown_value(width)}."
        )


def check_list(owner: object, /, **lists: object) -> None:
    """Raise ``ValueError`` for an argument that is neither a list nor a tuple, as words are not."""
    for name, given in lists.items():
        if not is_list(given):
            raise ValueError(_message(owner, name, "a list", given))


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Tell whether a value is a list, a tuple or the like, which words and bytes are not.

    Example:
        >>> is_list((1, 2)), is_list(b"ab")
        (True, False)
    """
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def check_numbers_by_name(owner: object, /, **tables: object) -> None:
    """Raise ``ValueError`` for an argument that has not a list of whole numbers for each name.

    Of 64 bits, as those of a tensor are.
    """
    for name, table in tables.items():
        lists: list[Any] = list(table.values()) if isinstance(table, Mapping) else [None]
        good = all(map(is_list, lists))
        good = good and all(isinstance(n, Integral) for numbers in lists for n in numbers)
        if not good or not all(is_number(n) for numbers in lists for n in numbers):
            raise ValueError(_message(owner, name, "lists of whole numbers by name", table))


def check_number(owner: object, /, *, smallest: float = -math.inf, **numbers: object) -> None:
    """Raise ``ValueError`` for an argument that is no finite number of at least ``smallest``."""
    for name, number in numbers.items():
        if not is_number(number) or number < smallest:  # type: ignore[operator]
            bound = "" if smallest == -math.inf else f" of at least {smallest:g}"
            raise ValueError(_message(owner, name, f"a finite number{bound}", number))


def check_whole_number(owner: object, /, **numbers: object) -> None:
    """Raise ``ValueError`` for an argument that is no whole number of up to 64 bits."""
    for name, number in numbers.items():
        if not isinstance(number, Integral) or not is_number(number):
            raise ValueError(_message(owner, name, "a whole number", number))


def check_positive(owner: object, /, **numbers: object) -> None:
    """Raise ``ValueError`` for an argument that is no finite number above 0."""
    for name, number in numbers.items():
        if not is_number(number) or number <= 0:  # type: ignore[operator]
            raise ValueError(_message(owner, name, "a finite number above 0", number))


def check_choice(owner: object, /, **choices: tuple[object, Any]) -> None:
    """Raise ``ValueError`` for a word that is not of the ``Literal`` beside it."""
    for name, (value, literal) in choices.items():
        word = isinstance(value, str | Integral) and not isinstance(value, bool)
        if not word or value not in get_args(literal):
            raise ValueError(_message(owner, name, f"one of {list(get_args(literal))}", value))


def check_flag(owner: object, /, **flags: object) -> None:
    """Raise ``ValueError`` for an argument that is neither true nor false."""
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise ValueError(_message(owner, name, "True or False", flag))  # noqa: TRY004  (as above)


def check_callable(owner: object, /, **functions: object) -> None:
    """Raise ``ValueError`` for an argument that cannot be called for a result."""
    for name, function in functions.items():
        if not is_function(function):
            raise ValueError(_message(owner, name, "a function", function))


def is_function(value: object) -> bool:
    """Tell whether a value can be called for a result, as a class in place of its instance cannot.

    Example:
        >>> is_function(abs), is_function(int)
        (True, False)
    """
    return callable(value) and not isinstance(value, type)


def check_word(owner: object, /, **words: object) -> None:
    """Raise ``ValueError`` for an argument that is neither a word nor ``None``."""
    for name, word in words.items():
        if word is not None and not isinstance(word, str):
            raise ValueError(_message(owner, name, "a word", word))


def check_path(owner: object, /, **paths: object) -> None:
    """Raise ``ValueError`` for an argument that is neither a path nor ``None``."""
    for name, path in paths.items():
        if path is not None and not isinstance(path, str | PathLike):
            raise ValueError(_message(owner, name, "a path", path))


def check_generator(owner: object, generator: object, /) -> None:
    """Raise ``ValueError`` for a source of chance that is neither torch's nor ``None``."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ValueError(_message(owner, "generator", "of type torch.Generator", generator))


def check_sides(owner: object, size: object, /) -> None:
    """Raise ``ValueError`` unless ``size`` is a height and a width in pixels."""
    if not is_list(size) or len(size) != 2 or not all(_is_count(side) for side in size):
        raise ValueError(_message(owner, "size", "a height and a width in pixels", size))


def device_of(owner: object, device: torch.device | str, /) -> torch.device:
    """Return a device by its name, or raise ``ValueError`` where none of this machine has it."""
    expected = "a device like cpu or cuda"
    try:
        found = torch.device(device)
        expected = "a device of this machine"
        # Not ``empty``: the device "meta" has that, and no numbers.
        torch.zeros(1, device=found).item()
    # A torch without CUDA says so by an AssertionError, others lack a module of the backend's.
    except (RuntimeError, TypeError, ValueError, AssertionError, ImportError) as error:
        got = shown_value(device)
        raise ValueError(f"{_name(owner)} expects {expected}, got {got}.") from error
    return found


def check_module(owner: object, /, kind: type[nn.Module] = nn.Module, **modules: object) -> None:
    """Raise ``ValueError`` for an argument that is no module of that kind."""
    check_type(owner, kind, **modules)


def check_type(owner: object, kind: type, /, **values: object) -> None:
    """Raise ``ValueError`` for an argument that is of no such type."""
    for name, value in values.items():
        if not isinstance(value, kind):
            raise ValueError(_message(owner, name, f"of type {kind.__name__}", value))  # noqa: TRY004  (as above)


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1


def _message(owner: object, name: str, expected: str, value: object) -> str:
    return f"{_name(owner)} expects {name} to be {expected}, got {shown_value(value)}."


def _name(owner: object) -> str:
    return str(getattr(owner, "__name__", type(owner).__name__))  # Builders are functions.
