"""Locks that the system gives back when a process ends, however it does."""

import sys
from typing import IO


def lock(file: IO[str] | int) -> bool:
    """Lock an open file or folder, and return whether the system can.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False  # Some network file systems know no locks.
    return True
