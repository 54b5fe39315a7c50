"""Pictures as Pillow opens them, without its warning."""

import io
import warnings
from pathlib import Path

from PIL import Image


def opened(source: str | Path | io.BytesIO) -> Image.Image:
    """Open a picture; of a large page nothing is warned, and one twice as large stays an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        picture = Image.open(source)
    if picture.format == "TIFF":
        # By its name, Pillow would map an unpacked file into memory: with width and height
        # exchanged where the file is to be turned, so that all rows would begin elsewhere.
        picture.filename = ""
    return picture
