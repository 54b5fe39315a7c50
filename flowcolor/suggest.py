"""Suggestions for misspelt words."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'size'?"`` without its question mark, or an empty string.

    Example:
        >>> did_you_mean("siez", ["size", "seed"])
        "; did you mean 'size'"
        >>> did_you_mean("zebra", ["size", "seed"])
        ''
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}" if close else ""
