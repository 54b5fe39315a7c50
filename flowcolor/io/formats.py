"""Which files are images, by their names alone."""

import functools

from PIL import Image

# Pillow knows these, but only their first bytes or only on Windows: they cannot be decoded.
_HEADS_ONLY = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF"}


@functools.cache
def readable_suffixes() -> frozenset[str]:
    """Return the suffixes, in lower case, of all formats that the installed Pillow reads."""
    Image.init()  # Without it Pillow knows five formats until it meets another.
    known = Image.registered_extensions().items()
    found = {suffix for suffix, name in known if name in Image.OPEN and name not in _HEADS_ONLY}
    return frozenset(found | {".mpo"})  # Registered for writing only, but read as a JPEG.


def is_image(name: str) -> bool:
    """Tell by its name whether a file is an image that is not hidden.

    Example:
        >>> is_image("a.JFIF"), is_image(".a.png"), is_image("notes.txt")
        (True, False, False)
    """
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and f"{dot}{suffix}".lower() in readable_suffixes() and name[0] != "."
