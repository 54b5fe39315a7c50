"""The error for what a user gave and flowcolor cannot use, and the words of its sentences."""

import difflib
from collections.abc import Iterable, Sequence


class InputError(ValueError):
    r"""A file, option or configuration cannot be used; the message is one sentence for the user.

    The command line prints the message and exits with status 2, without a traceback. Everything
    else that is raised is a bug of the program and keeps its traceback.

    Args:
        message: The sentence.

    Example:
        >>> trace = "Caught InputError in worker 0.\nTraceback:\n"
        >>> str(InputError(trace + "flowcolor.errors.InputError: No."))
        'No.'
    """

    def __init__(self, message: str = "") -> None:
        # torch raises the error of a loader process again, with its whole traceback as the message.
        if message.startswith("Caught "):
            message = message.rpartition(f"{__name__}.InputError: ")[2].strip()
        super().__init__(message)


def refuse_empty(program: str, words: Iterable[str]) -> None:
    """Refuse empty words and options with an empty value: a variable of the shell was not set.

    As a path, an empty word would be the folder that one is in.

    Args:
        program: Begins the message.
        words: Of a command line.

    Raises:
        InputError: It names the option.

    Example:
        >>> refuse_empty("flowcolor fit", ["--config", "quickstart", "--data.train="])
        Traceback (most recent call last):
        flowcolor.errors.InputError: flowcolor fit: --data.train expects a value, got an empty word.
    """
    before = "an option"
    for word in words:
        option = word.partition("=")[0]
        if not word or (option.startswith("--") and word == f"{option}="):
            name = option if word else before
            raise InputError(f"{program}: {name} expects a value, got an empty word.")
        if option.startswith("--"):
            before = option


def refuse_zero_bytes(words: Iterable[str]) -> None:
    r"""Refuse words that no shell can give, and no file can be called.

    Args:
        words: Of a command line.

    Raises:
        InputError: It shows the word.

    Example:
        >>> refuse_zero_bytes(["quickstart", "--output", "a\0b"])
        Traceback (most recent call last):
        flowcolor.errors.InputError: flowcolor expects words without zero bytes, got 'a\x00b'.
    """
    for word in words:
        if "\0" in word:
            raise InputError(f"flowcolor expects words without zero bytes, got {word!r}.")


def first_ten(names: Sequence[str]) -> str:
    """Return the names for a message that has already said how many there are.

    Example:
        >>> first_ten(["a", "b"]), first_ten("abcdefghijkl")
        ('a, b', 'a, b, c, d, e, f, g, h, i, j and more')
    """
    return f"{', '.join(names[:10])}{' and more' if len(names) > 10 else ''}"


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
