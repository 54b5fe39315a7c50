"""A file, or several, that appear under their names only once they are complete."""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from flowcolor.errors import InputError
from flowcolor.io.new_folders import new_folders
from flowcolor.io.parts import new_part
from flowcolor.io.streams import refuse_stream
from flowcolor.uninterrupted import uninterrupted

_BYTES = re.compile("[\udc80-\udcff]+")  # Of names, where Python could not read them.


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only once it is complete.

    Until then it is hidden beside its place. Where writing fails or is interrupted, nothing is
    left; only a process that is killed leaves a part, until another process writes there.

    Raises:
        InputError: It cannot be written, or is a pipe or a device; an earlier file of that name is
            then as it was.
    """
    with _hidden(path) as part:
        with part.open("wb") as file:
            yield file
        part.replace(path)


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Write files that belong together: none takes its place before all are complete.

    Args:
        contents: By place, a text as of :func:`write_text`, or bytes; they take their places in
            this order.

    Raises:
        InputError: One cannot be written; where a disk is full, all are as they were.
    """
    with ExitStack() as parts:
        moves = []
        for path, content in contents.items():
            part = parts.enter_context(_hidden(path))
            part.write_bytes(encoded(content) if isinstance(content, str) else content)
            moves.append((part, path))
        with uninterrupted():
            for part, path in moves:
                with _named(path):
                    part.replace(path)


@contextmanager
def _hidden(path: Path) -> Iterator[Path]:
    """Give a file beside a place, and remove it where it is not moved there."""
    if not path.name:  # Of "", "." and "/".
        raise InputError(f"{path} cannot be written: it is a folder, expected a file.")
    with _named(path), new_folders(path.parent):
        if path.is_dir():  # Of files that belong together, none is moved then.
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists():
            refuse_stream(path.stat())  # The file would take its place, even of /dev/null.
        with new_part(path.parent, _make_file) as part:
            yield part


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _make_file(path: Path) -> None:
    path.touch(exist_ok=False)


def write_text(text: str, path: Path) -> None:
    r"""Write a UTF-8 text, whole or not at all.

    Names of files need not be text; their bytes become ``\udcXX``, which JSON reads back. Those
    that are letters after all, as any are where the locale knows ASCII alone, become letters.

    Raises:
        InputError: The file cannot be written.
    """
    with whole_file(path) as file:
        file.write(encoded(text))


def encoded(text: str) -> bytes:
    """Return a text in UTF-8, as :func:`write_text` writes it."""
    return _BYTES.sub(_as_letters, text).encode("utf-8", "backslashreplace")


def _as_letters(found: re.Match[str]) -> str:
    """Return bytes of a name as the UTF-8 that they are, and as they were where they are none."""
    return found[0].encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
