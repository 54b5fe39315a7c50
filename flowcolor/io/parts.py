"""Hidden parts of what is being written, and which of them nobody writes any more."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from flowcolor.io.files import is_file, remove
from flowcolor.io.locks import lock
from flowcolor.uninterrupted import uninterrupted

_PARTIAL = ".partial"
_OURS = re.compile(r"\.[0-9a-f]{16}\.partial")


def is_partial(name: str) -> bool:
    """Tell whether a file is a part that a killed process has left, by its name."""
    return _OURS.fullmatch(name) is not None


@contextmanager
def new_part(folder: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """Give a hidden place in a folder where something is made, and remove what is not moved away.

    What killed processes have left in the folder is removed, too, once by each process.

    Args:
        folder: It must be there.
        make: Makes an empty file or folder.

    Raises:
        OSError: It cannot be made.
    """
    _remove_abandoned(os.path.realpath(folder))
    while True:
        # Not made of the final name, which may be as long as names can be.
        path, hold = folder / f".{secrets.token_hex(8)}{_PARTIAL}", None
        try:
            make(path)
            try:
                hold = _hold(path)
            except (BlockingIOError, FileNotFoundError):
                continue  # Another process has taken it for abandoned just now.
            yield path
            return
        finally:
            with uninterrupted():  # A second Ctrl-C would leave a part of a folder.
                _remove(path)
            if hold is not None:
                os.close(hold)


def remove_partial(folder: Path, deep: bool = True) -> None:
    """Delete what killed processes have left in a folder.

    Args:
        folder: Nobody else may be writing there.
        deep: Whether to look below it, too.

    Raises:
        InputError: It cannot be deleted.
    """
    for path in folder.rglob(".*") if deep else folder.glob(".*"):
        if is_partial(path.name) and is_file(path):
            remove(path)


@cache
def _remove_abandoned(folder: str) -> None:
    with suppress(OSError):  # It may be one that can be written to, but not read.
        for name in os.listdir(folder):  # noqa: PTH208, ten times faster
            if is_partial(name):
                _remove_if_abandoned(Path(folder, name))


def _remove_if_abandoned(path: Path) -> None:
    with suppress(OSError):
        hold = _hold(path)
        if hold is not None:
            _remove(path)
            os.close(hold)


def _hold(path: Path) -> int | None:
    """Hold a part until what is returned is closed; ``None`` where the system knows no locks.

    Raises:
        BlockingIOError: Another process holds it.
        FileNotFoundError: Another process has removed it.
    """
    if os.name == "nt":
        return None
    hold = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        locked = lock(hold)
        if locked and not os.path.samestat(path.stat(), os.fstat(hold)):
            raise FileNotFoundError(path)
    except OSError:
        os.close(hold)
        raise
    if locked:
        return hold
    os.close(hold)
    return None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
        return
    shutil.rmtree(path, ignore_errors=True)
