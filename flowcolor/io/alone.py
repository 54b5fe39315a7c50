"""One command at a time writes a folder."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_dir, names_in
from flowcolor.io.locks import lock
from flowcolor.io.new_folders import make_folders, remove_empty
from flowcolor.io.parts import is_partial, remove_partial
from flowcolor.io.streams import refuse_stream
from flowcolor.uninterrupted import uninterrupted

LOCK = ".lock"


@contextmanager
def alone(
    folder: Path, command: str, option: str = "--output", inside: Iterable[str] = ()
) -> Iterator[None]:
    """Let one process at a time write a folder.

    The system gives the lock back when a process ends, however it does. Parts of files that killed
    ones have left are removed. Folders that are new and still empty in the end are removed, too.

    Args:
        folder: The folder; made if it is missing.
        command: What writes it, as the user calls it.
        option: How the command line calls the folder.
        inside: Names of the folders inside that it writes, too.

    Raises:
        InputError: Another process does, or the folder cannot be written.
    """
    if exists(folder) and not is_dir(folder):
        raise InputError(f"{option} expects a folder, got the file {folder}.")
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    with ExitStack() as stack:
        try:
            with uninterrupted():
                stack.callback(remove_empty, missing)
                make_folders(folder)
                stack.enter_context(held(folder))
        except BlockingIOError as error:
            raise InputError(f"Another `{command}` is writing to {folder}.") from error
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
        remove_partial(folder, deep=False)
        for name in inside:
            remove_partial(folder / name)
        yield


@contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder, and yield whether the system knows locks.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: It cannot be written.
    """
    path = folder / LOCK
    file, locked = _hold(path)
    if sys.platform != "win32":
        # Loader processes outlive a killed run for seconds, and would hold what they inherit.
        os.register_at_fork(after_in_child=file.close)
    with file:
        try:
            yield locked
        finally:
            with uninterrupted(), suppress(OSError):
                # Whoever has removed the folder meanwhile has let others make and hold another.
                # And one that holds something is of another program.
                found = path.stat()
                ours = not file.closed and os.path.samestat(found, os.fstat(file.fileno()))
                if ours and found.st_size == 0:
                    path.unlink()


def is_unused(folder: Path) -> bool:
    """Tell whether a folder holds nothing but what killed processes leave, if it is there.

    Raises:
        InputError: It cannot be read.
    """
    names = names_in(folder) if exists(folder) else []
    return all(name == LOCK or is_partial(name) for name in names)


def _hold(path: Path) -> tuple[IO[str], bool]:
    """Return the file, open and held by this process, and whether the system knows locks.

    Raises:
        BlockingIOError: Another process holds it.
        OSError: It cannot be written.
    """
    while True:
        with suppress(FileNotFoundError):
            refuse_stream(path.stat())  # To open a pipe could take for ever.
        file = path.open("a")  # A link to another file must not empty it.
        try:
            locked = lock(file)
        except BlockingIOError:
            file.close()
            raise
        # Whoever held it until now has removed it, and others may hold the one of today.
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file, locked
        file.close()
