"""Files that appear whole or not at all."""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from flowcolor.errors import InputError

_PARTIAL = ".partial"


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name only once it is complete.

    Until then it is hidden beside its place. Where writing fails or is interrupted, nothing is
    left; only a process that is killed leaves a part, for :func:`remove_partial`.

    Raises:
        InputError: It cannot be written; an earlier file of that name is then as it was.
    """
    # Not made of the name, which may be as long as names can be.
    temporary = path.with_name(f".{secrets.token_hex(8)}{_PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def is_full(error: BaseException) -> bool:
    """Return whether something could not be written because the disk or a quota is full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def write_text(text: str, path: Path) -> None:
    """Write a UTF-8 text, whole or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    with whole_file(path) as file:
        file.write(text.encode())


def remove_partial(folder: Path) -> None:
    """Delete what killed processes have left below a folder."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        path.unlink(missing_ok=True)
