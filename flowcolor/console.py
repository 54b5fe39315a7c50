"""What commands say: no name that cannot be shown, and no reader that is gone, ends them."""

import logging
import os
import re
import shlex
import sys
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TextIO

from flowcolor.errors import InputError

_LOG = logging.getLogger("flowcolor")
# What moves the cursor, begins a command of the terminal, or lets letters run backwards or vanish.
# Joiners are none of them: Persian and some symbols are written with those.
_COMMANDS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
    "|[\U000e0000-\U000e007f]"
)


def shown(name: object) -> str:
    r"""Return a name, or a sentence with names in it, as a terminal shows it in one line.

    Names of files may hold line breaks, and commands that recolour, clear or rename a terminal.

    Example:
        >>> shown("a\nb"), shown("a\x1b[31mb")
        ('a\\nb', 'a\\x1b[31mb')
    """
    return _COMMANDS.sub(_escaped, str(name))


def as_word(path: object) -> str:
    """Return a path as a shell reads it back, for commands that are printed to be copied.

    Example:
        >>> as_word("photos"), as_word("my photos")
        ('photos', "'my photos'")
    """
    return shown(shlex.quote(str(path)))


def shown_lines(text: str) -> str:
    r"""Escape as :func:`shown` does, but leave line breaks and tabulators.

    Example:
        >>> print(shown_lines("a\nb\x1b"))
        a
        b\x1b
    """
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.split("\n"))


def say(text: str) -> None:
    """Write a line, or several, to standard output, at once even into a pipe.

    Characters that cannot be shown there are escaped: names of files need not be text, and not
    every console knows every letter. So are those that a terminal obeys; a name that may have line
    breaks is given as it is :func:`shown`. Where nobody reads any more, as after ``| head``, the
    rest is not shown and the work goes on.

    Raises:
        InputError: It cannot be written, for instance because the disk is full.
    """
    reason = flush(f"{shown_lines(text)}\n")
    if reason:
        raise InputError(f"Standard output cannot be written: {reason}.")


def complain(text: str) -> None:
    """Write one line to standard error, as :func:`say`, but in any case."""
    remark(f"{shown(text)}\n")


def remark(text: str) -> None:
    """Write to standard error what the terminal may obey; where that cannot be, work goes on."""
    with suppress(OSError):
        if sys.stderr is not None:
            _write(text, sys.stderr)
            sys.stderr.flush()


def warn(sentence: str) -> None:
    """Log a warning, once for all processes."""
    if speaks_for_all():
        _LOG.warning("flowcolor: %s", shown(sentence))


def warn_of_replaced(words: Sequence[str], options: Container[str]) -> None:
    """Warn of options of one value that come again with another: the last counts.

    Args:
        words: Of a command line.
        options: Which of them are such options.
    """
    given: dict[str, str] = {}
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in options:
            value = value if equals else next(iter(words[position + 1 :]), "")
            if given.get(name, value) != value:
                warn(f"{name} is given twice: {value} counts, and {given[name]} does not.")
            given[name] = value


def is_option(word: str) -> bool:
    """Tell whether a word of a command line is an option, and no value, as negative numbers are.

    Example:
        >>> is_option("--trainer.max_epochs"), is_option("-c"), is_option("-1")
        (True, True, False)
    """
    return re.match("--|-[a-z]", word) is not None


def speaks_for_all() -> bool:
    """Tell whether this is the first of several processes that have met, or none has met others."""
    distributed: Any = sys.modules.get("torch.distributed")  # ``--help`` does not wait for torch.
    if distributed is None or not distributed.is_available():
        return True
    return not (distributed.is_initialized() and distributed.get_rank())


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


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _write(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _give_up(stream: TextIO) -> None:
    """Send what is still written to nowhere; otherwise Python would try again when it ends."""
    with suppress(OSError):  # Not every stream is a file.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
