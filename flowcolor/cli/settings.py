"""Options of a method on the command line: ``--set NAME=VALUE``."""

from collections.abc import Sequence
from typing import Any

from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json


def read_settings(words: Sequence[str], option: str = "--set") -> dict[str, Any]:
    """Return the values by name; what is no JSON is text.

    Args:
        words: Each ``NAME=VALUE``.
        option: Behind which they stand.

    Raises:
        InputError: A word has no name or no value, or a name comes twice.

    Example:
        >>> read_settings(["system=normal", "neighbors=4", "weights=[0, 0.5, 1]"])
        {'system': 'normal', 'neighbors': 4, 'weights': [0, 0.5, 1]}
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals or not value:
            raise InputError(f"{option} expects NAME=VALUE, got {word!r}.")
        if name in found:
            raise InputError(f"{option} expects every option once, got {name} twice.")
        try:
            found[name] = parse_json(value)
        except ValueError:
            found[name] = value
    return found
