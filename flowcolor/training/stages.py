"""Configurations of systems that are trained in stages, one after another."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.io.places import as_path
from flowcolor.training.config_files import read_yaml

KEY = "stages"


def stages_of(file: Path | str) -> list[dict[str, Any]]:
    """Return the configurations of a file's stages in order, none for an ordinary file.

    Under ``stages`` lies what each stage says beyond what the rest of the file says for all.

    Raises:
        InputError: ``stages`` is no list of two or more configurations.
    """
    file = as_path(stages_of, file)
    common = read_yaml(file)
    if KEY not in common:
        return []
    stages = common.pop(KEY)
    named = isinstance(stages, list) and all(isinstance(stage, dict) for stage in stages)
    if not named or len(stages) < 2:
        raise InputError(f"{file} expects {KEY} to be a list of two or more configurations.")
    return [overlaid(common, stage) for stage in stages]


def overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with another on top of it; another class takes its own arguments.

    Example:
        >>> overlaid({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
        {'a': {'b': 1, 'c': 3}}
    """
    if above.get("class_path", below.get("class_path")) != below.get("class_path"):
        return above
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = overlaid(old, value) if both else value  # type: ignore[arg-type]
    return merged


def last_stages(words: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Let a configuration in stages stand for its last one, which is the whole system.

    Args:
        words: Of a command line whose ``--config`` are files.
        files: These files.
    """
    last = {str(file): stages[-1] for file in files if (stages := stages_of(file))}
    result = []
    for word in words:
        flag, equals, value = word.partition("=")
        if word in last:
            result.append(_text(last[word]))  # The parser takes a text for a file, too.
        elif equals and value in last:
            result.append(f"{flag}={_text(last[value])}")
        else:
            result.append(word)
    return result


def _text(config: dict[str, Any]) -> str:
    # YAML makes a date of what looks like one; the parser, of an ordinary file, leaves it a text.
    return json.dumps(config, default=str)
