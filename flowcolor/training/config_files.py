"""Files of configurations, by name or place, in which every key stands once."""

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from flowcolor.errors import InputError, did_you_mean
from flowcolor.io.files import is_file
from flowcolor.io.streams import read_whole

CONFIGS = Path(__file__).parents[1] / "configs"
_MOST_VALUES = 100_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # The parser's, which refuses a few more.
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# The last two, and ValueError, are raised where a tag does not fit its value, as in `!!bool x`.
NO_YAML = (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError)


def packaged_configs() -> list[str]:
    """Return the names of the complete configurations that ``--config`` knows besides files."""
    return sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def packaged_overlays() -> list[str]:
    """Return the names of the parts of configurations that only go on top of another."""
    patterns = ("ablations/*/*.yaml", "documents/*/*.yaml", "models/*.yaml")
    files = [path for pattern in patterns for path in CONFIGS.glob(pattern)]
    return sorted(path.relative_to(CONFIGS).with_suffix("").as_posix() for path in files)


def find_config(name: str) -> Path:
    """Return the file of ``--config NAME``: a path that exists, or else a packaged name.

    Raises:
        InputError: Neither a file nor a packaged configuration has this name.
    """
    path = Path(name)
    if is_file(path):
        return path
    names = packaged_configs()
    overlays = packaged_overlays()
    if name in names or name in overlays:
        return CONFIGS / f"{name}.yaml"
    raise InputError(
        f"--config expects a YAML file or one of {', '.join(names)}, got {name!r}"
        f"{did_you_mean(name, [*names, *overlays])}."
    )


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a configuration file.

    Raises:
        InputError: It cannot be read, is empty, or is no YAML of keys and values.
    """
    content = _read(file)
    if not isinstance(content, dict):
        got = "nothing" if content is None else type(content).__name__
        raise InputError(f"{file} expects keys and values, got {got}.")
    return content


def read_part(file: Path) -> dict[str, Any] | list[Any]:
    """Read a file that a configuration names for one option, as a list of callbacks.

    Raises:
        InputError: As those of :func:`read_yaml`, but for a list.
    """
    content = _read(file)
    return content if isinstance(content, list) else read_yaml(file)


def _read(file: Path) -> Any:
    try:
        text = read_whole(file).decode("utf-8")
        content = yaml.safe_load(text)
        require_meant(text)
        count_values(content)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror or error}.") from error
    except NO_YAML as error:
        known = isinstance(error, LookupError | AttributeError)
        reason = "a tag does not fit its value" if known else " ".join(str(error).split())
        raise InputError(f"{file} expects YAML in UTF-8, got another text ({reason}).") from error
    return content


def require_meant(text: str) -> None:
    """Refuse YAML that says something else than it seems to.

    A key that stands twice in one place, of which it would drop all but the last, and a number that
    it reads to the base 8 or 60.

    Raises:
        ValueError: It names the key or the number, and where it stands.
        YAMLError: The text is no YAML.
    """
    _require_meant(yaml.compose(text, _LOADER), set())


def _require_meant(node: Any, seen: set[int]) -> None:
    if isinstance(node, yaml.ScalarNode) and _is_of_another_base(node):
        raise ValueError(
            f"{node.value} in line {node.start_mark.line + 1} would be {yaml.safe_load(node.value)}"
            ": write numbers without leading zeros, and times in quotes"
        )
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    lines: dict[str, int] = {}
    for part in node.value:
        key, value = part if isinstance(node, yaml.MappingNode) else (None, part)
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in lines:
                places = f"in lines {lines[key.value]} and {line}"
                raise ValueError(f"{key.value!r} stands twice in one place, {places}")
            lines[key.value] = line
        _require_meant(value, seen)


def _is_of_another_base(node: Any) -> bool:
    if node.tag == "tag:yaml.org,2002:int" and re.fullmatch(r"[-+]?0[0-7]+", node.value):
        return int(node.value) != int(node.value, 8)
    return node.tag in _NUMBERS and ":" in node.value


def count_values(
    value: Any, above: tuple[int, ...] = (), known: dict[int, int] | None = None
) -> int:
    """Return how many values there are once every alias is written out.

    The parser writes them out, so that a few lines of aliases of aliases would take all memory.

    Raises:
        ValueError: They are too many, or an alias stands inside what it means.
    """
    known = {} if known is None else known
    if id(value) in above:
        raise ValueError("an alias stands inside of what it means")
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(count_values(part, (*above, id(value)), known) for part in parts)
    if known[id(value)] > _MOST_VALUES:
        raise ValueError(f"with its aliases written out, it has more than {_MOST_VALUES} values")
    return known[id(value)]
