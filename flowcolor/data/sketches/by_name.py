"""Sketch filters by name, for options that are words."""

import importlib
from typing import Any

import torch

from flowcolor.data import sketches
from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json


def find_filter(words: str) -> tuple[Any, dict[str, Any]]:
    """Return the filter that an option names, and its description in plain values.

    Args:
        words: A class of ``flowcolor.data``, the path of a class or function of the user's
            (``package.module.name``), or JSON: ``{"class_path": ..., "init_args": {...}}``.

    Raises:
        InputError: Nothing of this name can be imported, built or called.
    """
    try:
        spec = parse_json(words) if words.lstrip().startswith("{") else {"class_path": words}
    except ValueError as error:
        raise InputError(f"--sketch_filter is not JSON ({error}): {words!r}.") from error
    built = _build(spec)
    _try(built, words)
    return built, _describe(spec)


def _try(draw: Any, words: str) -> None:
    """Draw a blank photograph: a function that cannot is told now, not by every worker."""
    try:
        draw(torch.ones(3, 64, 64), (64, 64), None)
    except InputError:  # A sentence of the filter's own, as that its weights are missing.
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"A sketch filter takes a photograph, a size and a mask, but {words!r} answers a "
            f"blank photograph with: {error}."
        ) from error


def _build(spec: Any) -> Any:
    """Turn every ``{"class_path": ...}`` into what it names."""
    if isinstance(spec, list):
        return [_build(part) for part in spec]
    if not isinstance(spec, dict) or "class_path" not in spec:
        return spec
    name, options = spec["class_path"], spec.get("init_args", {})
    if not isinstance(options, dict):
        raise InputError(
            f"The sketch filter {name} expects init_args by name, got {type(options).__name__}."
        )
    found = _find(str(name))
    try:
        built = found
        if isinstance(found, type):
            built = found(**{key: _build(value) for key, value in options.items()})
    except TypeError as error:
        raise InputError(f"The sketch filter {name} cannot be built: {error}.") from error
    if not callable(built):
        raise InputError(
            f"The sketch filter {name} should be callable, got {type(built).__name__}."
        )
    return built


def _find(name: str) -> Any:
    if name in sketches.__all__ and name != "SketchFilter":
        return getattr(sketches, name)
    module, _, attribute = name.rpartition(".")
    known = ", ".join(word for word in sketches.__all__ if word != "SketchFilter")
    try:
        return getattr(importlib.import_module(module), attribute)
    # A TypeError is of a name that begins with a dot.
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise InputError(
            f"A sketch filter is one of {known} or the path of a class or function that Python can "
            f"import, got {name!r} ({error})."
        ) from error


def _describe(spec: Any) -> Any:
    """Write short names out, so that one filter has one description."""
    if isinstance(spec, list):
        return [_describe(part) for part in spec]
    if not isinstance(spec, dict) or "class_path" not in spec:
        return spec
    name = str(spec["class_path"])
    options = {key: _describe(value) for key, value in spec.get("init_args", {}).items()}
    path = f"flowcolor.data.{name}" if name in sketches.__all__ else name
    return {"class_path": path, "init_args": options}
