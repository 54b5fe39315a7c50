"""Results that the next call would take for images to read: refused before anything is computed."""

from collections.abc import Iterable
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.files import is_dir, real
from flowcolor.io.formats import is_image
from flowcolor.io.tree import names_below


def require_apart(place: Path, folders: Iterable[Path], option: str) -> None:
    """Refuse a folder for results whose images are read.

    These are those of a folder itself or, where it holds none, those of all its subfolders, see
    :func:`~flowcolor.io.listing.list_images`.

    Args:
        place: The folder where results go; it need not exist.
        folders: Folders whose images are read, and files, which are passed over.
        option: How the command line calls the place.

    Raises:
        InputError: It names the folder.
    """
    above = real(place / "file").parents
    for folder in folders:
        if not is_dir(folder):
            continue
        root = real(folder)
        if root not in above:
            continue
        own = [name for name in names_below(folder) if "/" not in name and is_image(name)]
        if above[0] == root or not own:
            raise InputError(
                f"{option} expects a folder outside of {folder}, whose images are read, "
                f"got {place}."
            )
