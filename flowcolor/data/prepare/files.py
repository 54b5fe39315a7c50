"""Files of a prepared folder."""

import hashlib
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import whole_file

KEPT = "What is done is kept, and the same command continues."


def write_whole(data: bytes, path: Path) -> str:
    """Write a file, whole or not at all, and return its SHA-256.

    Raises:
        InputError: It cannot be written.
    """
    try:
        with whole_file(path) as file:
            file.write(data)
    except InputError as error:
        raise InputError(f"{error} {KEPT}") from error
    return hashlib.sha256(data).hexdigest()
