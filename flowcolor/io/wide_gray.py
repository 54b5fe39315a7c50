"""Grey images of more than eight bits, and the transparent colour of a PNG of other depths."""

import numpy as np
from PIL import Image

_BITS, _PHOTOMETRIC = 258, 262  # Tags of TIFF.
_WHITE_IS_ZERO = 0
# How Pillow turns the levels of a shallow PNG into bytes. The transparent one it leaves as it was,
# in some versions but for one bit.
_SHALLOW = {"1": 255, "L;2": 85, "L;4": 17}


def is_wide(picture: Image.Image) -> bool:
    """Tell grey of 12 or 16 bits.

    Raises:
        ValueError: It is of whole numbers of 32 bits, or with a sign, whose range is not known.
    """
    if picture.mode == "I" and picture.format != "PPM":  # Whose 16 bits Pillow reads as 32.
        raise ValueError("whole numbers of 32 bits, or with a sign, have no known range")
    return picture.mode.startswith("I")


def wide_gray(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return grey, float32 in [0, 1], and whether a pixel is opaque; both (height, width)."""
    values = np.asarray(picture)
    tags = getattr(picture, "tag_v2", {})
    gray = values.astype(np.float32) / (4095 if tags.get(_BITS) == (12,) else 65535)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        gray = 1 - gray
    return gray.clip(0, 1), values != picture.info.get("transparency", -1)


def scale_transparency(picture: Image.Image) -> None:
    """Bring the transparent colour of a PNG to the scale of its pixels, before they are read.

    Pillow reads grey of 1, 2 and 4 bits and RGB of 16 as bytes, but compares them with a colour of
    the file's own scale, which then no pixel has. Of 16 bits the upper byte decides.
    """
    transparent = picture.info.get("transparency")
    tile = getattr(picture, "tile", None)
    if picture.format != "PNG" or transparent is None or not tile:
        return
    mode = tile[0][3]
    if mode in _SHALLOW:
        picture.info["transparency"] = min(_SHALLOW[mode] * transparent, 255)
    elif mode == "RGB;16B":
        picture.info["transparency"] = tuple(value >> 8 for value in transparent)
