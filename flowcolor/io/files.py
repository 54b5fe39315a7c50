"""Questions about places that may be unreadable."""

import errno
import fnmatch
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from flowcolor.errors import InputError

_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def remove(path: Path) -> None:
    """Delete a file, if it is there.

    Raises:
        InputError: It cannot be deleted.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be deleted: {error.strerror or error}.") from error


def status(path: Path) -> os.stat_result | None:
    """Return what the system knows of a place; ``None`` where nothing is.

    ``Path.exists``, ``is_file`` and ``is_dir`` answer with an error of their own where a folder
    above must not be looked into, or a name is longer than names can be.

    Raises:
        InputError: The system does not say.
    """
    try:
        return path.stat()
    except ValueError:  # A name with a zero byte.
        return None
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def real(path: Path) -> Path:
    """Return a path from the root on, with every link followed that leads somewhere.

    ``Path.resolve`` does so, too, but raises an error of its own for links in a circle, on Python
    3.11 and 3.12; they, and what would lie below them, stay as they are called.

    Raises:
        InputError: A link must not be read.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # A name with a zero byte, where nothing is.
        return path.absolute()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def from_home(path: str | os.PathLike[str]) -> Path:
    """Return a path whose ``~`` is the home of a user, or as it is where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def exists(path: Path) -> bool:
    """Tell whether anything is there, as :func:`status`."""
    return status(path) is not None


def is_file(path: Path) -> bool:
    """Tell whether a file is there, as :func:`status`."""
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_dir(path: Path) -> bool:
    """Tell whether a folder is there, as :func:`status`."""
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_empty(path: Path) -> bool:
    """Tell whether a file is there that holds nothing, as :func:`status`."""
    found = status(path)
    return found is not None and found.st_size == 0


def names_in(folder: Path) -> list[str]:
    """Return the names of what lies in a folder, in no order.

    Raises:
        InputError: The folder is missing or cannot be read.
    """
    try:
        return os.listdir(folder)  # noqa: PTH208, ten times faster
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error


def find(folder: Path, pattern: str) -> list[Path]:
    """Return what matches a pattern below a folder, sorted; nothing where there is no folder.

    Numbers in names count as numbers: ``version_10`` comes after ``version_9``.

    Raises:
        InputError: A folder that the pattern leads into cannot be read; to ``Path.glob`` it would
            be empty.
    """
    if not is_dir(folder):
        return []
    return sorted(_matching(folder, pattern), key=_with_numbers)


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    waiting = [(folder, pattern.split("/"))]
    while waiting:
        place, (first, *rest) = waiting.pop()
        if first == "**":
            waiting += [(place, rest), *((path, ["**", *rest]) for path in _folders_in(place))]
            continue
        found = [place / name for name in fnmatch.filter(names_in(place), first)]
        if rest:
            waiting += [(path, rest) for path in found if is_dir(path)]
        else:
            yield from found


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _with_numbers(path: Path) -> list[tuple[str | int, ...]]:
    # Every second piece is a number, so that like is compared with like.
    pieces = [re.split("([0-9]+)", part) for part in path.parts]
    return [tuple(int(x) if i % 2 else x for i, x in enumerate(each)) for each in pieces]
