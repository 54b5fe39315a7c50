"""Every colorizer by its name."""

from collections.abc import Mapping
from inspect import isabstract, isclass
from typing import Any

from flowcolor import models
from flowcolor.errors import InputError, did_you_mean
from flowcolor.models.base import Colorizer


def methods() -> dict[str, type[Colorizer]]:
    """Return every public colorizer by its name, which is that of its file.

    Example:
        >>> methods()["tint"].__name__
        'Tint'
    """
    public = [getattr(models, name) for name in models.__all__]
    kinds = [kind for kind in public if isclass(kind) and issubclass(kind, Colorizer)]
    named = {kind.__module__.rpartition(".")[2]: kind for kind in kinds if not isabstract(kind)}
    return dict(sorted(named.items()))


def untrained_method(name: str, settings: Mapping[str, Any] | None = None) -> Colorizer:
    """Return the colorizer of a name that needs no checkpoint, ready to use.

    Args:
        name: Of the method.
        settings: Arguments of its constructor; what is left out has its default.

    Raises:
        InputError: There is no such method, it has weights that only a checkpoint brings, or it has
            no such setting.
    """
    known = methods()
    if name not in known:
        hint = did_you_mean(name, known)
        raise InputError(f"--method expects one of {', '.join(known)}, got {name!r}{hint}.")
    if known[name].trained:
        raise InputError(
            f"--method {name} expects trained weights: give --checkpoint FILE instead, from which "
            "the method is known."
        )
    defaults = known[name]().config
    given = dict(settings or {})
    for setting, value in given.items():
        if setting not in defaults:
            options = f"one of the options {', '.join(defaults)}" if defaults else "no options"
            hint = did_you_mean(setting, defaults)
            raise InputError(f"{name} expects {options}, got {setting!r}{hint}.")
        given[setting] = _as_setting(name, setting, defaults[setting], value)
    try:
        return known[name](**given).eval()
    except (TypeError, ValueError) as error:
        raise InputError(str(error)) from error


_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def _as_setting(name: str, setting: str, default: Any, value: Any) -> Any:
    """Return a value of the kind of its default, of which the method's own checks make sure.

    Raises:
        InputError: It is of another kind.
    """
    if isinstance(default, list):
        if isinstance(value, list):
            return [_as_setting(name, setting, default[0], each) for each in value]
        expected = f"a list in brackets, each {_KINDS[type(default[0])]}"
    elif default is None or type(value) is type(default):
        return value  # What has no default has no kind.
    elif isinstance(default, float) and type(value) is int:
        return float(value)
    else:
        expected = _KINDS[type(default)]
    raise InputError(f"{name} expects {setting} to be {expected}, got {value!r}.")
