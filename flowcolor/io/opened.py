"""Pictures as Pillow opens them, without its warnings."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image


@contextmanager
def opened(source: str | Path | io.BytesIO) -> Iterator[Image.Image]:
    """Open a picture; of a large page, or of damaged tags beside the pixels, nothing is warned.

    A page that is twice as large stays an error.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        with Image.open(source) as picture:
            if picture.format == "TIFF":
                # By its name, Pillow would map an unpacked file into memory: with width and height
                # exchanged where the file is to be turned, so that all rows would begin elsewhere.
                picture.filename = ""
            yield picture
