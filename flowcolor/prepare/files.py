"""Files of a prepared folder."""

import hashlib
from collections.abc import Mapping
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


def fingerprint(files: Mapping[str, Path]) -> str:
    """Return the SHA-256 of what files are and hold, so that any change of one is noticed.

    Neither their sizes nor their times would do: a mask that is painted anew often has the same
    size, and a copy may keep the time.

    Args:
        files: The files by what they are.

    Raises:
        OSError: One cannot be read.
    """
    digest = hashlib.sha256()
    for kind, path in sorted(files.items()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{kind} {content}\n".encode())
    return digest.hexdigest()
