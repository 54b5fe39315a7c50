"""A folder that appears under its name only once it is complete."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import make_folders, real


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder beside the place, and move it there at once when all is written.

    Where writing fails or is interrupted, the place is as it was; only a process that is killed
    leaves a hidden part beside it.

    Args:
        folder: The place; nothing, or an empty folder.

    Raises:
        InputError: It cannot be written.
    """
    try:
        make_folders(folder.parent)
        work = Path(tempfile.mkdtemp(prefix=".", suffix=".partial", dir=folder.parent))
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    try:
        yield work
        umask = os.umask(0)
        os.umask(umask)
        work.chmod(0o777 & ~umask)  # Temporary folders are closed to others; this one is not.
        work.replace(real(folder))  # A link to a folder is no folder to replace.
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
