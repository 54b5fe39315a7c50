"""Pictures as Pillow opens them, without its warning."""

import io
import warnings
from pathlib import Path

from PIL import Image


def opened(source: str | Path | io.BytesIO) -> Image.Image:
    """Open a picture; of a large page nothing is warned, and one twice as large stays an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(source)
