"""What commands say: no name that cannot be shown, and no reader that is gone, ends them."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TextIO

from flowcolor.errors import InputError

_LOG = logging.getLogger("flowcolor")


def say(text: str) -> None:
    """Write a line to standard output, at once even into a pipe.

    Characters that cannot be shown there are escaped: names of files need not be text, and not
    every console knows every letter. Where nobody reads any more, as after ``| head``, the rest is
    not shown and the work goes on.

    Raises:
        InputError: It cannot be written, for instance because the disk is full.
    """
    reason = flush(f"{text}\n")
    if reason:
        raise InputError(f"Standard output cannot be written: {reason}.")


def complain(text: str) -> None:
    """Write a line to standard error, as :func:`say`, but in any case."""
    with suppress(OSError):
        if sys.stderr is not None:
            _write(f"{text}\n", sys.stderr)
            sys.stderr.flush()


def warn(sentence: str) -> None:
    """Log a warning, once for all processes."""
    from torch import distributed  # Here, because ``--help`` should not wait for torch.

    if distributed.is_available() and distributed.is_initialized() and distributed.get_rank():
        return  # One process speaks for all.
    _LOG.warning("flowcolor: %s", sentence)


def flush(text: str = "") -> str | None:
    """Hand on a text and what standard output still holds; return why that failed, if it did."""
    try:
        if sys.stdout is not None:
            _write(text, sys.stdout)
            sys.stdout.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
    except OSError as error:
        _give_up(sys.stdout)
        return error.strerror or str(error)
    return None


@contextmanager
def escaping() -> Iterator[None]:
    """Let others, too, write what cannot be shown, and write at all where a stream is closed."""
    with ExitStack() as stack:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:  # The shell has closed it, as with ``>&-``.
                nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123
                stack.callback(setattr, sys, name, None)
                setattr(sys, name, nowhere)
            elif hasattr(stream, "reconfigure"):
                stack.callback(stream.reconfigure, errors=stream.errors)
                stream.reconfigure(errors="backslashreplace")
        yield


def _write(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _give_up(stream: TextIO) -> None:
    """Send what is still written to nowhere; otherwise Python would try again when it ends."""
    with suppress(OSError):  # Not every stream is a file.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
