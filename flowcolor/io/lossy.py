"""Which pictures may hold other pixels than those that were saved."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image


def may_have_changed(picture: Image.Image, path: Path) -> bool:
    """Tell whether a file may hold other numbers than those that were written.

    Args:
        picture: The file, opened; once it was turned, it knows its format no more.
        path: Where it lies.
    """
    if picture.format == "WEBP":
        return "VP8 " in _webp_chunks(path.read_bytes())  # Without loss, they are VP8L.
    if picture.format == "TIFF":
        return picture.info.get("compression") in ("jpeg", "tiff_jpeg", "webp")
    return picture.format in ("AVIF", "HEIF", "JPEG", "JPEG2000", "MPO")


def _webp_chunks(data: bytes) -> Iterator[str]:
    """Yield the names of a WebP file's parts (RFC 9649, section 2.4)."""
    place = 12
    while place + 8 <= len(data):
        yield data[place : place + 4].decode("latin-1")
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + size + size % 2
