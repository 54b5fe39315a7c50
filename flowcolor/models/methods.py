"""Every colorizer by its name."""

from inspect import isabstract, isclass

from flowcolor import models
from flowcolor.errors import InputError
from flowcolor.models.base import Colorizer
from flowcolor.suggest import did_you_mean


def methods() -> dict[str, type[Colorizer]]:
    """Return every public colorizer by its name, which is that of its file.

    Example:
        >>> methods()["tint"].__name__
        'Tint'
    """
    public = [getattr(models, name) for name in models.__all__]
    return {
        kind.__module__.rpartition(".")[2]: kind
        for kind in public
        if isclass(kind) and issubclass(kind, Colorizer) and not isabstract(kind)
    }


def untrained_method(name: str) -> Colorizer:
    """Return the colorizer of a name that needs no checkpoint, ready to use.

    Raises:
        InputError: There is no such method, or it has weights that only a checkpoint brings.
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
    return known[name]().eval()
