"""Folders that are made where they are missing, and stay only where something lies in them."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowcolor.uninterrupted import uninterrupted


@contextmanager
def new_folders(path: Path) -> Iterator[None]:
    """Make a folder and all above it that are missing, and leave none empty if the body fails.

    Raises:
        OSError: It cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    try:
        make_folders(path)
        yield
    except BaseException:
        remove_empty(missing)
        raise


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders in which nothing lies, each before those above it."""
    with uninterrupted():
        for folder in folders:
            with suppress(OSError):  # Others may have written into it.
                folder.rmdir()


def make_folders(path: Path) -> None:
    """Make a folder and all above it that are missing.

    Raises:
        OSError: It cannot be made, also where it lies deeper than Python can follow.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except RecursionError:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path)) from None
