"""The class of what a configuration names: a class, or a function that says what it returns."""

from contextlib import suppress
from pydoc import locate
from typing import Any, get_type_hints

from flowcolor.models.base import Colorizer


def colorizer_class(path: str) -> type[Colorizer]:
    """Return the colorizer that is built by the class or the function of a path.

    Args:
        path: For instance ``flowcolor.models.SketchColorFlow``, or
            ``flowcolor.models.flowcolor_tiny``, which is annotated to return one.

    Raises:
        ValueError: There is no such thing, or it builds no colorizer.
    """
    named: Any = locate(path)
    kind = named
    if callable(named) and not isinstance(named, type):
        with suppress(NameError, TypeError):  # Annotations of names that are not there, or none.
            kind = get_type_hints(named).get("return")
    if not (isinstance(kind, type) and issubclass(kind, Colorizer)):
        message = f"colorizer_class expects the path of a colorizer, got {path}."
        raise ValueError(message)  # noqa: TRY004  (one kind of error for all arguments)
    return kind
