"""The names of all files below a folder, in one pass; none is opened."""

import os
from collections.abc import Collection
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import real
from flowcolor.io.formats import is_image

# The recycle bins, thumbnails and rescued parts of Windows, macOS, Linux and disks of networks.
_OF_SYSTEMS = {
    *("#recycle", "$RECYCLE.BIN", "RECYCLER", "@eaDir", "@Recycle", "__MACOSX", "lost+found"),
    "System Volume Information",
}


def names_below(
    folder: Path, besides: Collection[Path] = (), everything: bool = False
) -> list[str]:
    """Return the files below a folder, relative to it and with slashes, in no order.

    Below a folder that holds images itself only its own subfolders are looked at, not theirs: what
    is there is not wanted, and may be a whole disk. What is hidden is passed over, and so are the
    folders in which systems keep what was deleted, rescued or made small. Links to folders
    are followed, and every folder is read once, so that a link to a folder above does not go on for
    ever. A folder that is named like an image is not entered: it stands in the list as the image
    that it should be.

    Args:
        folder: Where to begin.
        besides: Folders that are not entered.
        everything: Look into all subfolders, even below a folder that holds images itself.

    Raises:
        InputError: A folder cannot be read.
    """
    seen = {real(path) for path in (folder, *besides)}
    names: list[str] = []
    waiting = [""]
    suffices = False
    while waiting:
        prefix = waiting.pop()
        try:
            files, folders = _look_into(folder / prefix)
        except InputError:
            if suffices:
                continue
            raise
        names += [prefix + name for name in files]
        suffices = suffices or (not (prefix or everything) and any(map(is_image, files)))
        for name in folders if not (prefix and suffices) else []:
            place = real(folder / prefix / name)
            if place not in seen:
                seen.add(place)
                waiting.append(f"{prefix}{name}/")
    return names


def _look_into(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of files and of folders."""
    try:
        with os.scandir(folder) as entries:
            found = [
                (entry.name, _is_folder(entry))
                for entry in entries
                if entry.name[0] != "." and entry.name not in _OF_SYSTEMS
            ]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror or error}.") from error
    folders = sorted(name for name, is_folder in found if is_folder and not is_image(name))
    return [name for name, is_folder in found if not is_folder or is_image(name)], folders


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link in a circle.
        return False
