"""A folder that appears under its name only once it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import real
from flowcolor.io.new_folders import new_folders
from flowcolor.io.parts import new_part


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder beside the place, and move it there at once when all is written.

    Where writing fails or is interrupted, the place is as it was; only a process that is killed
    leaves a hidden part beside it, until another process writes there.

    Args:
        folder: The place; nothing, or an empty folder.

    Raises:
        InputError: It cannot be written.
    """
    try:
        with new_folders(folder.parent), new_part(folder.parent, _make_folder) as work:
            yield work
            umask = os.umask(0)
            os.umask(umask)
            with suppress(OSError):  # Disks of other systems have rights of their own.
                work.chmod(0o777 & ~umask)  # Until now it was closed to others.
            work.replace(real(folder))  # A link to a folder is no folder to replace.
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _make_folder(path: Path) -> None:
    path.mkdir(0o700)
