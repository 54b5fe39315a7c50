"""Which photographs are prepared, and where the results must not lie."""

from collections.abc import Sequence
from pathlib import Path

from flowcolor.console import warn
from flowcolor.data.datasets.celeba import CelebAMaskHQ, is_celeba
from flowcolor.data.datasets.folder import PhotoFolder
from flowcolor.data.datasets.left_aside import left_aside
from flowcolor.data.datasets.prepared import is_prepared
from flowcolor.errors import InputError

FileFinder = PhotoFolder | CelebAMaskHQ  # Their photographs are files, and no embedded ones.


def find_sources(
    photos: Sequence[str | Path],
    masks: Sequence[str | Path | None] | None,
    sketches: Sequence[str | Path | None] | None,
    strict: bool,
) -> FileFinder:
    """Return what finds the photographs, and what belongs to each of them.

    Args:
        photos: Folders of photographs, or one CelebAMask-HQ.
        masks: Folder of masks for each of them, ``None`` for CelebAMask-HQ, which has its own.
        sketches: Folder of ready drawings for each of them.
        strict: Raise an error where a photograph lacks its mask or drawing.

    Raises:
        InputError: A folder cannot be read, is prepared already, or does not go with the others.
    """
    special = [folder for folder in photos if is_celeba(folder) or is_prepared(folder)]
    if not special:
        for sentence in left_aside(photos) if (masks, sketches) == (None, None) else ():
            warn(f"{sentence}.")
        return PhotoFolder(photos[0] if len(photos) == 1 else photos, sketches, masks, strict)
    if is_prepared(special[0]):
        raise InputError(f"--photos expects photographs, but {special[0]} is prepared already.")
    if len(photos) > 1 or masks is not None:
        raise InputError(
            f"{special[0]} is CelebAMask-HQ: prepare it alone; it brings its own masks."
        )
    if sketches is not None and len(sketches) != 1:
        raise InputError(f"Expected one folder of sketches for {special[0]}, got {len(sketches)}.")
    drawings = None if sketches is None else sketches[0]
    return CelebAMaskHQ(special[0], drawings, strict)
