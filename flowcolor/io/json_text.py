"""Read JSON that somebody else may have written."""

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return what a JSON text says, as ``json.loads``, but with one kind of error.

    Args:
        text: The text.

    Raises:
        ValueError: It is no JSON, no UTF-8, or a key stands twice in one place, of which Python
            would drop the first; or its brackets lie so deep in each other that Python would run
            out of stack, which is an error of another kind there.

    Example:
        >>> parse_json('{"size": 64}')
        {'size': 64}
    """
    try:
        return json.loads(text, object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("too many brackets lie in each other") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands twice in one place")
        found[key] = value
    return found
