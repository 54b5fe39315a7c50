"""What a file says of the model whose weights it holds: plain values, nothing that is executed."""

from collections.abc import Mapping
from inspect import signature
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import Tensor, nn

from flowcolor import __version__
from flowcolor.bounds import is_finite
from flowcolor.errors import InputError
from flowcolor.models.plain_state import plain_names

if TYPE_CHECKING:
    from flowcolor.models import Colorizer

_PARTS = ("version", "model", "config", "size")
_LARGEST = 2**16  # Of a number.
_MOST_NUMBERS = 64  # Of a list.


def describe(model: nn.Module, size: int) -> dict[str, Any]:
    """Return the plain values from which ``model`` can be rebuilt.

    :meth:`Weights.build <flowcolor.models.checkpoint.Weights.build>` does so.

    Args:
        model: A colorizer.
        size: Side of its training images in pixels, 0 if there were none.
    """
    return {
        "version": __version__,
        "model": type(model).__name__,
        "config": _arguments(model),
        "size": _plain(size),
    }


def _arguments(model: nn.Module) -> dict[str, Any]:
    """Return the arguments of a model but for defaults that are beyond what a file may say."""
    given: dict[str, Any] = {name: _plain(value) for name, value in model.config.items()}  # type: ignore[operator, union-attr]
    known = signature(type(model)).parameters
    return {
        name: value
        for name, value in given.items()
        if _is_setting(value) or name not in known or known[name].default != value
    }


def describable(model: nn.Module, size: int, name: str) -> dict[str, Any]:
    """Return what :func:`describe` does, of which a file could be read again.

    Args:
        model: A colorizer.
        size: As there.
        name: What is to be described, for the message.

    Raises:
        InputError: An argument of the model is no plain value, or the size is out of bounds.
    """
    description = describe(model, size)
    for key, value in description["config"].items():
        if not _is_setting(value):
            raise InputError(
                f"{name} expects words, numbers up to {_LARGEST} and lists of up to "
                f"{_MOST_NUMBERS} of them as arguments of {description['model']}, got {key} "
                f"{value}."
            )
    if not is_description(description):
        raise InputError(
            f"{name} expects a model of plain arguments and a whole size from 0 to {_LARGEST}, got "
            f"{description['model']} and {size!r}."
        )
    return description


def rebuildable(model: nn.Module, size: int, name: str) -> dict[str, Any]:
    """Return what :func:`describable` does, of which the very same model can be built again.

    Raises:
        InputError: As there, or the model is none of this package, or not as its arguments make it:
            its weights would fit nothing.
    """
    kind = type(model)
    if not is_ours(model):
        raise InputError(
            f"{name} expects a colorizer of flowcolor.models, which alone can be read again, got "
            f"a {kind.__name__} of {kind.__module__}."
        )
    description = describable(model, size, name)
    with torch.device("meta"):
        own = kind(**description["config"]).state_dict()
    given = plain_names(model.state_dict())
    differs = [key for key in {**own, **given} if _shape(own, key) != _shape(given, key)]
    if differs:
        raise InputError(
            f"{name} expects a {kind.__name__} as its arguments make it, got one with other "
            f"weights in {differs[0]!r}: take off what was added, as with "
            "torch.nn.utils.parametrize.remove_parametrizations."
        )
    return description


def colorizer_named(name: str) -> "type[Colorizer] | None":
    """Return this package's own colorizer of a name, if there is one.

    A file must not choose what is imported and called.
    """
    from flowcolor import models

    kind = getattr(models, name) if name in models.__all__ else None
    return kind if isinstance(kind, type) and issubclass(kind, models.Colorizer) else None


def is_ours(model: nn.Module) -> bool:
    """Tell whether a model is of a class of this package, and not of one derived from it."""
    return colorizer_named(type(model).__name__) is type(model)


def _shape(state: Mapping[str, Tensor], key: str) -> tuple[int, ...] | None:
    return tuple(state[key].shape) if key in state else None


def own_part(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return what :func:`describe` has written, without what others have added.

    A checkpoint also holds the configuration of its run, with places on the machine that it was
    trained on.
    """
    return {name: description[name] for name in _PARTS if name in description}


def _plain(value: Any) -> Any:
    """Return numbers of other libraries as Python's own, the only ones that files know."""
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, Real) and not isinstance(value, Integral) else value


def is_description(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a value describes a model as :func:`describe` does, in plain values."""
    if not isinstance(value, dict) or not {"model", "config", "size"} <= value.keys():
        return False
    config, size = value["config"], value["size"]
    return (
        isinstance(value["model"], str)
        and isinstance(value.get("version", ""), str)
        and isinstance(config, dict)
        and all(isinstance(name, str) and _is_setting(part) for name, part in config.items())
        and type(size) is int
        and 0 <= size <= _LARGEST
    )


def _is_setting(value: object) -> bool:
    # The model is built before it is compared with the weights: a huge one would fill the memory.
    if isinstance(value, int | float):
        return is_finite(value) and abs(value) <= _LARGEST
    if isinstance(value, list):  # Channels of each level, for one; no lists of lists.
        numbers = all(isinstance(part, int | float) and _is_setting(part) for part in value)
        return numbers and len(value) <= _MOST_NUMBERS
    return value is None or isinstance(value, str)
