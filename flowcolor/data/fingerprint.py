"""Whether photographs are still the same: a checksum of what their files hold."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from flowcolor.data.datasets.finder import Finder
from flowcolor.errors import InputError
from flowcolor.io.streams import require_no_pipe


def fingerprint(files: Mapping[str, Path]) -> str:
    """Return the SHA-256 of what files are and hold, so that any change of one is noticed.

    Neither their sizes nor their times would do: a mask that is painted anew often has the same
    size, and a copy may keep the time.

    Args:
        files: The files by what they are.

    Raises:
        OSError: One cannot be read.
        InputError: One is no file.
    """
    digest = hashlib.sha256()
    for kind, path in sorted(files.items()):
        require_no_pipe(path)
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{kind} {content}\n".encode())
    return digest.hexdigest()


def fingerprint_all(finders: Iterable[Finder]) -> str:
    """Return how many photographs there are, and a checksum of their names and files.

    Raises:
        InputError: A file cannot be read.
    """
    sources = (
        (name, photograph.sources())
        for finder in finders
        for name, photograph in zip(finder.names, finder, strict=True)
    )
    return _of_named(sources)


def fingerprint_named(files: Mapping[str, Path]) -> str:
    """Return how many files there are, and a checksum of their names and what they hold.

    Raises:
        InputError: A file cannot be read.
    """
    return _of_named((name, {"file": files[name]}) for name in sorted(files))


def _of_named(sources: Iterable[tuple[str, Mapping[str, Path]]]) -> str:
    digest, count = hashlib.sha256(), 0
    for name, files in sources:
        try:
            content = fingerprint(files)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{error.filename or name} cannot be read: {reason}.") from error
        digest.update(f"{content} {name!r}\n".encode())
        count += 1
    return f"{count} with checksum {digest.hexdigest()[:16]}"
