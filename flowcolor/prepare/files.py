"""Files that appear whole or not at all, and what is left of those that did not."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from flowcolor.errors import InputError

_PARTIAL = ".partial"


def write_whole(data: bytes, path: Path) -> str:
    """Write a file under a temporary name, move it to its place and return its SHA-256.

    Where that is interrupted or fails, nothing is left.

    Raises:
        InputError: It cannot be written.
    """
    temporary = path.with_name(f".{os.getpid()}{_PARTIAL}")  # Names may be as long as allowed.
    try:
        try:
            temporary.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. What is done is kept, and the "
            "same command continues."
        ) from error
    return hashlib.sha256(data).hexdigest()


def remove_partial(folder: Path) -> None:
    """Delete what killed processes have left below a folder."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        path.unlink(missing_ok=True)
