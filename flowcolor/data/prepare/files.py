"""Files of a prepared folder."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.same_file import require_own
from flowcolor.io.whole_file import whole_file

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


def require_inside(folder: Path, names: Iterable[str]) -> None:
    """Refuse subfolders that are links to elsewhere: files are replaced and deleted in them.

    Args:
        folder: A prepared folder, or one to be.
        names: Of its photographs, with slashes where they lie in subfolders.

    Raises:
        InputError: It names the first.
    """
    parents = sorted({name.rpartition("/")[0] for name in names})
    kinds = ("photos", "sketches", "masks")
    places = (folder / kind / parent for kind in kinds for parent in parents)
    require_own(folder, places, "files would be replaced")
