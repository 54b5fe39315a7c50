"""The error for what a user gave and flowcolor cannot use."""

from collections.abc import Sequence


class InputError(ValueError):
    """A file, option or configuration cannot be used; the message is one sentence for the user.

    The command line prints the message and exits with status 2, without a traceback. Everything
    else that is raised is a bug of the program and keeps its traceback.
    """


def first_ten(names: Sequence[str]) -> str:
    """Return the names for a message that has already said how many there are.

    Example:
        >>> first_ten(["a", "b"]), first_ten("abcdefghijkl")
        ('a, b', 'a, b, c, d, e, f, g, h, i, j and more')
    """
    return f"{', '.join(names[:10])}{' and more' if len(names) > 10 else ''}"
