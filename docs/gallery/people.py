"""Whom the pictures show: two portraits in the public domain, and people who never lived."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from torch import Tensor

from flowcolor.data import GradientLines, open_portraits, read_image
from flowcolor.io.resizing import resize

SIDE = 256
# Left, top and side of the square around a face, in pixels of the picture of package openpeople.
FACES = {
    "beard": ("P005/assets/amateur_selfie.jpg", 145, 313, 1542),
    "denim": ("P003/assets/amateur_selfie.jpg", 502, 319, 973),
    "park": ("P010/assets/amateur_selfie.jpg", 259, 332, 1182),
    "blond": ("P008/assets/amateur_selfie.jpg", 310, 296, 946),
    "green": ("P006/assets/amateur_selfie.jpg", 268, 210, 1223),
}


@cache
def collins() -> dict[str, Tensor]:
    """Return photograph and drawing of Eileen Collins."""
    return _embedded(0)


@cache
def hopper() -> dict[str, Tensor]:
    """Return photograph and drawing of Grace Hopper."""
    return _embedded(1)


@cache
def invented(name: str) -> Tensor:
    """Return the face of an invented person, :math:`(3, 256, 256)`."""
    file, left, top, side = FACES[name]
    photo = read_image(folder_of_people() / file)
    return resize(photo[:, top : top + side, left : left + side], (SIDE, SIDE)).clamp(0, 1)


def whole(name: str) -> Tensor:
    """Return the whole picture of an invented person, of which the face is a part, small."""
    photo = read_image(folder_of_people() / FACES[name][0])
    height, width = photo.shape[-2:]
    return resize(photo, (SIDE * height // width, SIDE)).clamp(0, 1)


def folder_of_people() -> Path:
    """Return where openpeople keeps its pictures; importing it would check all of them."""
    package = find_spec("openpeople")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("The gallery shows invented people: pip install 'flowcolor[docs]'.")
    return Path(package.submodule_search_locations[0]) / "data/curated"


def drawn(photo: Tensor) -> Tensor:
    """Return the drawing of a photograph, :math:`(3, H, W)`."""
    size = (photo.shape[-2], photo.shape[-1])
    return GradientLines()(photo, size).expand(3, -1, -1)


def _embedded(index: int) -> dict[str, Tensor]:
    item = open_portraits("embedded", SIDE)[index]
    return {"photo": item["photo"], "drawing": item["content"]}
