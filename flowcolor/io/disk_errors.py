"""What the system's errors say of a disk or a folder, where they do not say it themselves."""

import errno
import os
from pathlib import Path

from flowcolor.io.files import real

_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def is_full(error: BaseException | None) -> bool:
    """Return whether a disk took no more bytes: it is full, as a quota may be, or fails.

    Such an error need not name the file.
    """
    return isinstance(error, OSError) and error.errno in _NO_MORE


def is_below(folder: Path, error: BaseException) -> bool:
    """Return whether an error of the system is of a file below a folder."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str | bytes):
        return False
    return real(folder) in real(Path(os.fsdecode(error.filename))).parents
