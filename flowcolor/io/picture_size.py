"""The size of an image file, and how many pages it has, without reading its pixels."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import UnidentifiedImageError

from flowcolor.console import warn
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import is_file
from flowcolor.io.images import UNREADABLE, reason_of
from flowcolor.io.opened import opened
from flowcolor.io.streams import require_no_pipe

_ORIENTATION, _TURNED = 0x0112, range(5, 9)  # EXIF; these values swap height and width.
_PAGED = ("AVIF", "GIF", "PNG", "TIFF", "WEBP")
_WIDTH, _HEIGHT = 256, 257  # Tags of TIFF, whose pictures Pillow may have turned, or not yet.


def picture_size(path: Path) -> tuple[int, int]:
    """Return width and height as the image is shown, from the head of the file alone.

    Raises:
        InputError: The file is missing or no image.
    """
    require_no_pipe(path)
    try:
        with opened(path) as picture:
            turned = picture.getexif().get(_ORIENTATION) in _TURNED
            tags = getattr(picture, "tag_v2", {})
            width, height = tags.get(_WIDTH, picture.width), tags.get(_HEIGHT, picture.height)
            return (height, width) if turned else (width, height)
    except UnidentifiedImageError as error:
        raise InputError(f"{path} is not an image that Pillow can read.") from error
    except UNREADABLE as error:
        raise InputError(f"{path} cannot be read as an image: {reason_of(error)}.") from error


def count_pages(path: Path) -> int:
    """Return how many pages or frames a file that can be read has, of which the first is read.

    Layers are none, nor are the further pictures in a photograph of a phone, as its preview.
    """
    try:
        with opened(path) as picture:
            return getattr(picture, "n_frames", 1) if picture.format in _PAGED else 1
    except UNREADABLE:  # Behind the first page the file may be damaged.
        return 1


def name_pages(paths: Iterable[Path]) -> None:
    """Warn of files that have several pages or frames, of which the first alone is read."""
    paged = [path.name for path in paths if is_file(path) and count_pages(path) > 1]
    if paged:
        files = "1 file" if len(paged) == 1 else f"{len(paged)} files"
        warn(f"of {files} with several pages only the first is read: {first_ten(paged)}.")


def are_turned(sides: Sequence[int], others: Sequence[int]) -> bool:
    """Tell whether of two frames one is tall and the other wide, by more than rounding.

    Example:
        >>> are_turned((30, 20), (20, 30)), are_turned((61, 60), (60, 61))
        (True, False)
    """
    return _lies(*sides) * _lies(*others) < 0


def _lies(first: int, second: int) -> int:
    """Return 1 or -1 for the longer side, and 0 of what is square but for rounding."""
    return (20 * first > 21 * second) - (20 * second > 21 * first)
