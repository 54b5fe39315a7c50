"""What a checkpoint may say about its run: known keys, plain values, and classes of these lists.

The parser imports what a class, a function or a dotted key names, and a file from somebody else
could name anything. So nothing reaches the parser that is not expected here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from inspect import isfunction
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import torch
from torch.optim import lr_scheduler

import flowcolor.data
import flowcolor.losses
import flowcolor.models
from flowcolor.bounds import is_finite
from flowcolor.data.module import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.training import objectives
from flowcolor.training.build_task import build_task
from flowcolor.training.config_files import read_yaml
from flowcolor.training.step_options import SEED, step_hints

_SECTIONS = {
    "model": get_type_hints(build_task),
    "data": get_type_hints(ColorizationDataModule.__init__),
    "trainer": step_hints(),
}
_DEPTH = 6  # Of values within values: a pickle can hold itself, without an end.


def _public(module: ModuleType, base: type) -> set[str]:
    """Return the paths of the classes, and of the functions that build one, of a package."""
    built = {
        name: get_type_hints(named).get("return") if isfunction(named) else named
        for name, named in vars(module).items()
        if name[0] != "_"
    }
    return {
        f"{module.__name__}.{name}"
        for name, kind in built.items()
        if isinstance(kind, type) and issubclass(kind, base)
    }


def _classes(key: str) -> set[str] | None:
    """Return the paths that a key may name, or ``None`` for a key of plain values."""
    return {
        "model.colorizer": _public(flowcolor.models, flowcolor.models.Colorizer),
        "model.objective": _public(objectives, objectives.Objective)
        | _public(flowcolor.losses, torch.nn.Module)
        | {"flowcolor.models.PatchCritic", "flowcolor.models.SpectralCritic"}
        | _public(torch.optim, torch.optim.Optimizer),
        "model.optimizer": _public(torch.optim, torch.optim.Optimizer),
        "model.scheduler": _public(lr_scheduler, lr_scheduler.LRScheduler)
        | {
            "lightning.pytorch.cli.ReduceLROnPlateau",
            "flowcolor.training.late_linear.LateLinear",
        },
        "data.sketch_filter": _public(flowcolor.data, flowcolor.data.SketchFilter),
        "data.augment": {
            "flowcolor.data.SelfAugmentedReference",
            "flowcolor.data.HintPoints",
            "flowcolor.data.StrokeAugmentation",
        },
        "data.hints": {"flowcolor.data.HintPoints"},
    }.get(key)


def only_allowed(
    recorded: Any, options: Sequence[str], files: Sequence[Path], checkpoint: Path
) -> dict[str, Any]:
    """Return the description of a run without the classes that the user replaces.

    Args:
        recorded: What the checkpoint says that the run was trained with.
        options: The words of the command line.
        files: The configuration files of the command line.
        checkpoint: For the message.

    Raises:
        InputError: A key, a type or a name is not expected, and the user does not replace it.
    """
    words = {word.removeprefix("--").partition("=")[0] for word in options if word[:2] == "--"}
    for file in files:
        words |= set(_keys(read_yaml(file)))
    allowed: dict[str, Any] = {}
    for section, content in _items(recorded, "the description of the run", checkpoint):
        if section == SEED:
            if not _fits(content, int):
                raise _refused(checkpoint, section, "a whole number", content)
            allowed[section] = content
            continue
        if section not in _SECTIONS:
            raise _refused(checkpoint, section, "only the keys model, data and trainer", content)
        hints = _SECTIONS[section]
        allowed[section] = {}
        for name, value in _items(content, section, checkpoint):
            key = f"{section}.{name}"
            if name not in hints or name == "return":
                raise _refused(checkpoint, key, "only options that flowcolor has", value)
            known = _classes(key)
            if not _is_text(value):
                raise _refused(checkpoint, key, "only names in UTF-8", value)
            if known is None and not _fits(value, hints[name]):
                raise _refused(checkpoint, key, "another type", value)
            bad = None if known is None or value is None else _first_bad(value, known)
            if bad is None:
                allowed[section][name] = value
            elif not any(key == word or word.startswith(f"{key}.") for word in words):
                raise InputError(
                    f"{checkpoint} was trained with {key} = {bad}, which is no part of flowcolor, "
                    f"and a checkpoint does not choose what is imported: give --{key} again if "
                    "you trust it."
                )
    return allowed


def _items(value: Any, key: str, checkpoint: Path) -> list[tuple[str, Any]]:
    if type(value) is not dict or not all(type(name) is str for name in value):
        raise _refused(checkpoint, key, "keys and values", value)
    return list(value.items())


def _refused(checkpoint: Path, key: str, expected: str, value: Any) -> InputError:
    return InputError(f"{checkpoint} expects {expected} in {key!r}, got {_short(value)}.")


def _short(value: Any) -> str:
    text = " ".join((value if type(value) is str else repr(value)).split())
    return text if len(text) <= 80 else f"{text[:80]}..."


def _first_bad(value: Any, known: set[str]) -> str | None:
    """Return what of the value of a class is not allowed."""
    if type(value) is str:
        return None if value in known else _short(value)
    if type(value) is not dict or not {"class_path"} <= value.keys() <= {"class_path", "init_args"}:
        return _short(value)
    return _bad_argument(value, known, 0)


def _bad_argument(value: Any, known: set[str], depth: int, key: str = "") -> str | None:
    if depth > _DEPTH:
        return "a value inside a value inside a value"
    if type(value) is dict:
        path = value.get("class_path")
        # Names are words: a dotted key is a way into the constructor of another class.
        if not all(type(name) is str and name.isidentifier() for name in value):
            return _short(list(value))
        if "class_path" in value and (type(path) is not str or path not in known):
            return _short(path)
        if "class_path" in value and not value.keys() <= {"class_path", "init_args"}:
            return _short(list(value))
        rest = ((name, part) for name, part in value.items() if name != "class_path")
        found = (_bad_argument(part, known, depth + 1, name) for name, part in rest)
        return next((bad for bad in found if bad), None)
    if type(value) in (list, tuple):
        found = (_bad_argument(part, known, depth + 1, key) for part in value)
        return next((bad for bad in found if bad), None)
    if type(value) is str:
        # Only plain words cannot be imported; the paths of files are never imported.
        file = key in {"vgg16", "vgg19", "network_file"}
        word = value.replace("_", "").isalnum() or value in known or file
        return None if word else _short(value)
    return None if _is_plain(value) else _short(value)


def _is_text(value: Any, depth: int = 0) -> bool:
    """Tell whether all words are UTF-8: YAML, by which the parser is told, holds no others."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        return depth > _DEPTH or all(_is_text(part, depth + 1) for part in value)
    return not isinstance(value, str) or not any("\ud800" <= c <= "\udfff" for c in value)


def _is_plain(value: Any) -> bool:
    if type(value) is float:
        return is_finite(value)
    # A whole number of thousands of digits could not even be written down for the parser.
    return value is None or type(value) is bool or (type(value) is int and is_finite(value))


def _fits(value: Any, hint: Any) -> bool:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is Literal:
        return any(type(value) is type(part) and value == part for part in parts)
    if origin is list:
        return type(value) is list and all(_fits(part, parts[0]) for part in value)
    if origin is tuple:
        same = type(value) in (list, tuple) and len(value) == len(parts)
        return same and all(map(_fits, value, parts))
    if origin is dict:
        return type(value) is dict and all(
            _fits(name, parts[0]) and _fits(part, parts[1]) for name, part in value.items()
        )
    if is_dataclass(hint):
        fields = get_type_hints(hint)
        return type(value) is dict and all(
            name in fields and _fits(part, fields[name]) for name, part in value.items()
        )
    if hint in (int, float):
        return type(value) in {int, hint} and is_finite(value)
    return type(value) is (str if hint is Path else hint)


def _keys(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner, part in value.items():
            yield from _keys(part, f"{key}.{inner}".lstrip("."))
    yield key
