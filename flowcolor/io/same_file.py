"""Outputs that are inputs: refused before anything is computed that would overwrite them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import real


def identity(path: Path) -> tuple[int, int] | None:
    """Return what all names of one file share, links and other spellings; None without a file."""
    for follow in (Path, real):  # Folders that are not there yet may be made: `new/../file`.
        with suppress(OSError, ValueError):  # Nothing there, or a name with a zero byte.
            found = follow(path).stat()
            return found.st_dev, found.st_ino
    return None


def protect(
    output: Path, inputs: Iterable[Path | None], option: str = "--output", hint: str = ""
) -> None:
    """Refuse a place that holds an input.

    Args:
        output: What would be written.
        inputs: What is read.
        option: How the command line calls the place.
        hint: What to do instead.

    Raises:
        InputError: It names the file.
    """
    place = identity(output)
    if place is not None and place in {identity(path) for path in inputs if path is not None}:
        raise InputError(
            f"{option} expects a place that holds no input, got {output}, which this very call "
            f"reads and would overwrite{hint}."
        )


def require_own(root: Path, places: Iterable[Path], loss: str) -> None:
    """Refuse folders for results that are links to elsewhere.

    Args:
        root: A folder, which may be a link.
        places: Folders in it, at any depth; they need not be there.
        loss: What would happen to files there.

    Raises:
        InputError: It names the first.
    """
    top = real(root)
    for place in places:
        if (found := real(place)) != top / place.relative_to(root):
            raise InputError(
                f"{place} expects a folder of its own, got a link to {found}, where {loss}."
            )


def require_outside(
    folder: Path, inputs: Iterable[Path], option: str, names: Iterable[str] = ()
) -> None:
    """Refuse a folder for results in which an input lies, at any depth.

    Results might take its name, and those with names of their own would be found as inputs.

    Args:
        folder: Where results go.
        inputs: What is read.
        option: How the command line calls the folder.
        names: Of the results; some of the subfolders may be links to elsewhere.

    Raises:
        InputError: It names the first.
    """
    inside = {name.rpartition("/")[0] for name in names}
    written = {real(place): place for place in (folder, *(folder / name for name in inside))}
    places: dict[Path, Path] = {}
    for path in inputs:
        places[path.parent] = path
        # What a link leads to would be overwritten under its own name. The system may not say.
        if os.path.islink(path):  # noqa: PTH114, which is then an error
            places[real(path).parent] = path
    for parent, path in places.items():
        for above in (real(parent) / "file").parents:
            if above in written:
                raise InputError(
                    f"{option} expects a folder that holds no input, got {written[above]}, where "
                    f"this very call reads {path}."
                )
