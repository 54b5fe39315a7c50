"""A checkpoint must not choose what is imported: only this package's and torch's own classes.

The configuration that a checkpoint brings names classes and functions, which the parser imports. A
file from somebody else could name any. So names from other packages are taken out of it, and the
user has to give them again.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from flowcolor.errors import InputError

# Exactly these, not what lies below: a module's imports are attributes of it, too.
_KNOWN = {
    *(f"flowcolor.{name}" for name in ("data", "layers", "losses", "models")),
    *("torch.nn", "torch.optim", "torch.optim.lr_scheduler"),
}
# Their values are functions or classes even where they are plain words.
_IMPORTED = ("sketch_filter", "optimizer", "scheduler", "filters")


def without_foreign(
    recorded: dict[str, Any], options: Sequence[str], files: Sequence[Path], checkpoint: Path
) -> dict[str, Any]:
    """Return the configuration of a checkpoint without what the user replaces from elsewhere.

    Args:
        recorded: What the run was trained with.
        options: The words of the command line.
        files: The configuration files of the command line.
        checkpoint: For the message.

    Raises:
        InputError: A name is of another package, and the user does not say what to use.
    """
    given = {word.removeprefix("--").partition("=")[0] for word in options if word[:2] == "--"}
    for file in files:
        given |= set(_keys(yaml.safe_load(file.read_text("utf-8")) or {}))
    for key, name in list(_foreign(recorded)):
        if not any(key == word or word.startswith(f"{key}.") for word in given):
            raise InputError(
                f"{checkpoint} was trained with {key} = {name}, which is no part of flowcolor, and "
                "a checkpoint does not choose what is imported: give "
                f"--{key} again if you trust it."
            )
        recorded = _without(recorded, key.split("."))
    return recorded


def _foreign(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key of each outermost value that names something of another package."""
    name = _first_foreign(value, key.rpartition(".")[2])
    if name is None:
        return
    deeper = [] if not isinstance(value, dict) or "class_path" in value else value.items()
    for inner, part in deeper:
        yield from _foreign(part, f"{key}.{inner}".lstrip("."))
    if not deeper:
        yield key, name


def _first_foreign(value: Any, key: str) -> str | None:
    if isinstance(value, dict):
        parts = [(part, "class_path" if k == "class_path" else k) for k, part in value.items()]
    elif isinstance(value, list):
        parts = [(part, key) for part in value]
    else:
        imported = isinstance(value, str) and (key == "class_path" or key in _IMPORTED)
        return str(value) if imported and value.rpartition(".")[0] not in _KNOWN else None
    return next((name for part, k in parts if (name := _first_foreign(part, k))), None)


def _keys(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner, part in value.items():
            yield from _keys(part, f"{key}.{inner}".lstrip("."))
    yield key


def _without(value: dict[str, Any], key: Sequence[str]) -> dict[str, Any]:
    if len(key) == 1:
        return {name: part for name, part in value.items() if name != key[0]}
    return {**value, key[0]: _without(value[key[0]], key[1:])}
