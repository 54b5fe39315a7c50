"""Several seeds in one word."""

from flowcolor.errors import InputError


def read_seeds(text: str) -> tuple[int, ...]:
    """Return the numbers of ``--seeds``.

    Raises:
        InputError: They are no numbers, or one comes twice.

    Example:
        >>> read_seeds("0,1,2")
        (0, 1, 2)
    """
    words = text.split(",")
    if not all(word.strip().isdecimal() for word in words) or len(set(words)) < len(words):
        raise InputError(f"--seeds expects different numbers, as in 0,1,2, got {text!r}.")
    return tuple(int(word) for word in words)
