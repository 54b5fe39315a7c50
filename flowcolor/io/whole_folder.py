"""A folder that appears under its name only once it is complete."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import real
from flowcolor.io.new_folders import new_folders
from flowcolor.io.parts import is_partial, new_part
from flowcolor.uninterrupted import uninterrupted


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a hidden folder, and move it, or what lies in it, to the place when all is written.

    Where writing fails or is interrupted, the place is as it was; only a process that is killed
    leaves a hidden part, until another process writes there.

    Args:
        folder: The place; nothing, or an empty folder.

    Raises:
        InputError: It cannot be written.
    """
    try:
        # A folder that is there may be the current one, or one of a mount, which must stay.
        stays = folder.is_dir()
        place = folder if stays else folder.parent
        with new_folders(place), new_part(place, _make_folder) as work:
            try:
                yield work
            except InputError as error:  # It may name the hidden folder, which nobody knows.
                raise InputError(str(error).replace(str(work), str(folder))) from error
            if stays:
                with uninterrupted():
                    _require_empty(folder)  # Another process may have written there, too.
                    for path in sorted(work.iterdir()):
                        path.replace(folder / path.name)
                return
            umask = os.umask(0)
            os.umask(umask)
            with suppress(OSError):  # Disks of other systems have rights of their own.
                work.chmod(0o777 & ~umask)  # Until now it was closed to others.
            work.replace(real(folder))  # A link to a folder to nothing is no place.
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _require_empty(folder: Path) -> None:
    if not all(is_partial(path.name) for path in folder.iterdir()):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(folder))


def _make_folder(path: Path) -> None:
    path.mkdir(0o700)
