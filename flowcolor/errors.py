"""The error for what a user gave and flowcolor cannot use."""

from collections.abc import Sequence


class InputError(ValueError):
    r"""A file, option or configuration cannot be used; the message is one sentence for the user.

    The command line prints the message and exits with status 2, without a traceback. Everything
    else that is raised is a bug of the program and keeps its traceback.

    Args:
        message: The sentence.

    Example:
        >>> trace = "Caught InputError in worker 0.\nTraceback:\nflowcolor.errors.InputError: No."
        >>> str(InputError(trace))
        'No.'
    """

    def __init__(self, message: str = "") -> None:
        # torch raises the error of a loader process again, with its whole traceback as the message.
        if message.startswith("Caught "):
            message = message.rpartition(f"{__name__}.InputError: ")[2].strip()
        super().__init__(message)


def first_ten(names: Sequence[str]) -> str:
    """Return the names for a message that has already said how many there are.

    Example:
        >>> first_ten(["a", "b"]), first_ten("abcdefghijkl")
        ('a, b', 'a, b, c, d, e, f, g, h, i, j and more')
    """
    return f"{', '.join(names[:10])}{' and more' if len(names) > 10 else ''}"
