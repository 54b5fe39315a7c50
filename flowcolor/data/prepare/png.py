"""PNG files of photographs, drawings and masks."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image

_RUN_LENGTHS = 3  # zlib's Z_RLE: quicker than its first level and, for such images, smaller.


def encode(pixels: UInt8[np.ndarray, "height width *channels"]) -> bytes:
    """Encode grey (height, width) or RGB (height, width, 3) bytes as PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1, compress_type=_RUN_LENGTHS)
    return file.getvalue()
