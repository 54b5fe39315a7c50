"""Files that the options of an experiment name: whether they are still those of before."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.pretrained.convert import checksum


def checksums(words: Iterable[str], *given: Any) -> dict[str, dict[str, str]]:
    """Return what files hold that options name, for a record; of none, nothing.

    Weights, or a section of a configuration, may be others the next time under the same name.

    Args:
        words: Options.
        given: Further values, also in lists and dictionaries.

    Raises:
        InputError: One cannot be read.
    """
    values = [word.partition("=")[2] if word.startswith("-") else word for word in words]
    places = dict.fromkeys(Path(text) for text in _texts([values, *given]) if text)
    found = {str(path): checksum(path) for path in places if _is_named(path)}
    return {"checksums": found} if found else {}


def _is_named(path: Path) -> bool:
    try:
        return is_file(path)
    except InputError:  # Longer than names can be, as JSON may be.
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
