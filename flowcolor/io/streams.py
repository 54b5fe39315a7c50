"""Pipes and devices, from which reading may never end."""

import errno
import os
import stat
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import status


def read_whole(path: Path) -> bytes:
    """Read a file as ``Path.read_bytes``, but neither a pipe nor a device: they may never end.

    Raises:
        OSError: It is one of them, or cannot be read.
    """
    refuse_stream(path.stat())
    return path.read_bytes()


def require_readable(path: Path) -> None:
    """Refuse a file that may not be read, before others, who may say that it is damaged, try.

    Raises:
        InputError: It is not there, may not be read, or is a pipe or a device.
    """
    try:
        refuse_stream(path.stat())
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def require_no_pipe(path: Path) -> None:
    """Refuse what is neither a file nor a folder: reading from a pipe or a device may never end.

    Raises:
        InputError: It is one of them.
    """
    found = status(path)
    if found is not None and _is_stream(found):
        raise InputError(f"{path} is a pipe or a device; expected a file.")


def refuse_stream(found: os.stat_result) -> None:
    """Refuse what :func:`flowcolor.io.files.status` found, if reading from it may never end.

    Raises:
        OSError: It is a pipe or a device.
    """
    if _is_stream(found):
        raise OSError(errno.EINVAL, "it is a pipe or a device, expected a file")


def _is_stream(found: os.stat_result) -> bool:
    return not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode))
