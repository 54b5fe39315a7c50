"""Files that appear whole or not at all, and questions about places that may be unreadable."""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flowcolor.errors import InputError
from flowcolor.io.parts import is_partial, new_part
from flowcolor.uninterrupted import uninterrupted

_BYTES = re.compile("[\udc80-\udcff]+")  # Of names, where Python could not read them.
_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only once it is complete.

    Until then it is hidden beside its place. Where writing fails or is interrupted, nothing is
    left; only a process that is killed leaves a part, until another process writes there.

    Raises:
        InputError: It cannot be written, or is a pipe or a device; an earlier file of that name is
            then as it was.
    """
    if not path.name:  # Of "", "." and "/".
        raise InputError(f"{path} cannot be written: it is a folder, expected a file.")
    try:
        with new_folders(path.parent):
            if path.exists():
                _refuse_stream(path.stat())  # The file would take its place, even of /dev/null.
            with new_part(path.parent, _make_file) as temporary:
                with temporary.open("wb") as file:
                    yield file
                temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error


def _make_file(path: Path) -> None:
    path.touch(exist_ok=False)


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
        with uninterrupted():
            for folder in missing:
                with suppress(OSError):  # Others may have written into it.
                    folder.rmdir()
        raise


def make_folders(path: Path) -> None:
    """Make a folder and all above it that are missing.

    Raises:
        OSError: It cannot be made, also where it lies deeper than Python can follow.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except RecursionError:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path)) from None


def is_full(error: BaseException) -> bool:
    """Return whether a disk took no more bytes: it is full, as a quota may be, or fails.

    Such an error need not name the file.
    """
    return isinstance(error, OSError) and error.errno in _NO_MORE


def is_below(folder: Path, error: BaseException) -> bool:
    """Return whether an error of the system is of a file below a folder."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str | bytes):
        return False
    return real(folder) in real(Path(os.fsdecode(error.filename))).parents


def write_text(text: str, path: Path) -> None:
    r"""Write a UTF-8 text, whole or not at all.

    Names of files need not be text; their bytes become ``\udcXX``, which JSON reads back. Those
    that are letters after all, as any are where the locale knows ASCII alone, become letters.

    Raises:
        InputError: The file cannot be written.
    """
    with whole_file(path) as file:
        file.write(_BYTES.sub(_as_letters, text).encode("utf-8", "backslashreplace"))


def _as_letters(found: re.Match[str]) -> str:
    """Return bytes of a name as the UTF-8 that they are, and as they were where they are none."""
    return found[0].encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


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


def require_folder(path: Path, option: str = "--output") -> None:
    """Refuse a folder that could not be written to, before anything is computed for it.

    Args:
        path: The folder, which need not be there.
        option: How the command line calls it.

    Raises:
        InputError: It is a file, or lies below one, or in a folder that may not be written to, or
            it is, or lies below, a link to nothing.
    """
    if exists(path) and not is_dir(path):
        raise InputError(f"{option} expects a folder, got the file {path}.")
    _require_above(path, (path.absolute(), *path.absolute().parents), option)


def require_place(path: Path, option: str = "--output") -> None:
    """Refuse a file that could not be written, before anything is computed for it.

    Args:
        path: The file; folders above it need not be there.
        option: How the command line calls it.

    Raises:
        InputError: What lies above it is a file, a link to nothing, or a folder that may not be
            written to, or it is a pipe or a device.
    """
    require_no_pipe(path)
    _require_above(path, path.absolute().parents, option)


def _require_above(path: Path, folders: Sequence[Path], option: str) -> None:
    above = next(parent for parent in folders if exists(parent) or parent.is_symlink())
    if not exists(above):
        raise InputError(
            f"{option} expects a place in a folder, got {path}: {above} is a link to nothing."
        )
    if not is_dir(above):
        raise InputError(f"{option} expects a place in a folder, got {path}: {above} is a file.")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"{option} expects a place to write to, got {path}: {above} is none.")


def read_whole(path: Path) -> bytes:
    """Read a file as ``Path.read_bytes``, but neither a pipe nor a device: they may never end.

    Raises:
        OSError: It is one of them, or cannot be read.
    """
    _refuse_stream(path.stat())
    return path.read_bytes()


def require_no_pipe(path: Path) -> None:
    """Refuse what is neither a file nor a folder: reading from a pipe or a device may never end.

    Raises:
        InputError: It is one of them.
    """
    found = status(path)
    if found is not None and _is_stream(found):
        raise InputError(f"{path} is a pipe or a device; expected a file.")


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
        InputError: The folder cannot be read.
    """
    try:
        return sorted(folder.glob(pattern), key=_with_numbers) if is_dir(folder) else []
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _with_numbers(path: Path) -> list[tuple[str | int, ...]]:
    # Every second piece is a number, so that like is compared with like.
    pieces = [re.split("([0-9]+)", part) for part in path.parts]
    return [tuple(int(x) if i % 2 else x for i, x in enumerate(each)) for each in pieces]


def _refuse_stream(found: os.stat_result) -> None:
    if _is_stream(found):
        raise OSError(errno.EINVAL, "it is a pipe or a device, expected a file")


def _is_stream(found: os.stat_result) -> bool:
    return not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))


def require_path(what: str, path: object) -> None:
    """Refuse what names no place; an empty text would name the folder that one is in.

    Raises:
        InputError: It is no path, or an empty one.
    """
    if not isinstance(path, str | Path) or path == "":
        shown = "an empty one" if path == "" else type(path).__name__
        raise InputError(f"{what} expects a path, got {shown}.")
