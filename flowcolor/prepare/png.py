"""PNG files, written several times faster than by Pillow and as small, and read faster."""

import struct
import zlib

import numpy as np
from jaxtyping import UInt8

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_UP = 2  # The filter: each row as its difference from the row above.
_GRAY, _RGB = 0, 2


def encode(pixels: UInt8[np.ndarray, "height width *channels"]) -> bytes:
    """Encode grey (height, width) or RGB (height, width, 3) bytes as PNG.

    Encoders try five filters for each row, which takes longer than compressing. One filter for all
    and run lengths suffice for photographs and drawings of this size.

    Reference:
        "Portable Network Graphics (PNG) Specification", sections 5, 9 and 11.
        https://www.w3.org/TR/png-3/
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    filtered = np.empty((height, 1 + rows.shape[1]), dtype=np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    compressor = zlib.compressobj(level=1, strategy=zlib.Z_RLE)
    data = compressor.compress(filtered.tobytes()) + compressor.flush()
    kind = _RGB if pixels.ndim == 3 else _GRAY
    header = struct.pack(">2I5B", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
