"""Pictures as files, small enough for a repository, and whether a file is out of date."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from flowcolor.io.images import to_uint8

FOLDER = Path(__file__).parents[1] / "pictures" / "gallery"
BLOCK = 16
# Levels of 255 by which the mean of a block may differ: other versions of the encoder differ by
# one or two, a picture of other lines or colours by tens.
TOLERANCE = 6.0


def encode(image: Tensor) -> bytes:
    """Return an image (3, H, W) in [0, 1] as WebP."""
    levels = to_uint8(image).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "WEBP", quality=82, method=6)
    return buffer.getvalue()


def save(image: Tensor, name: str, folder: Path = FOLDER) -> None:
    """Write a picture of the gallery, unless its file shows the same already."""
    if difference(image, name, folder) > TOLERANCE:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.webp").write_bytes(encode(image))


def difference(image: Tensor, name: str, folder: Path = FOLDER) -> float:
    """Return the largest difference of the means of a block of pixels, in levels of 255.

    Infinite if there is no such file or it has another size.
    """
    path = folder / f"{name}.webp"
    if not path.exists():
        return float("inf")
    old, new = _blocks(path.read_bytes()), _blocks(encode(image))
    return float(np.abs(old - new).max()) if old.shape == new.shape else float("inf")


def _blocks(content: bytes) -> np.ndarray:
    """Return the mean colours of blocks; an incomplete block at the border counts, too."""
    with Image.open(io.BytesIO(content)) as picture:
        levels = np.asarray(picture.convert("RGB"), dtype=np.float64)
    sums, ones = levels, np.ones(levels.shape)
    for axis in (0, 1):
        starts = range(0, levels.shape[axis], BLOCK)
        sums = np.add.reduceat(sums, starts, axis)
        ones = np.add.reduceat(ones, starts, axis)
    return sums / ones
