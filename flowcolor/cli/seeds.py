"""Several seeds in one word."""

from flowcolor.errors import InputError

_MOST = 2**32 - 1  # What NumPy takes.


def read_seeds(text: str) -> tuple[int, ...]:
    """Return the numbers of ``--seeds``.

    Raises:
        InputError: They are no numbers, too large for a seed, or one comes twice.

    Example:
        >>> read_seeds("0,1,2")
        (0, 1, 2)
    """
    words = text.split(",")
    # Through float, because int refuses very many digits with an error of its own.
    known = all(word.strip().isdecimal() and float(word) <= _MOST for word in words)
    seeds = tuple(int(word) for word in words) if known else ()
    if len(set(seeds)) < len(words):
        raise InputError(
            f"--seeds expects different numbers up to {_MOST}, as in 0,1,2, got {text!r}."
        )
    return seeds
