"""Pictures of a study: all of one size and one format, with nothing but their pixels."""

import io
from pathlib import Path

from PIL import Image
from torch import Tensor
from torch.nn import functional

from flowcolor.io.images import read_image, read_sketch, to_uint8
from flowcolor.io.resizing import center_square, resize

_BLOCKS = 4


def read_square(path: Path, size: int, sketch: bool = False) -> Tensor:
    """Read an image, cut its largest centred square, and resize it; :math:`(3, S, S)`."""
    image = read_sketch(path) if sketch else read_image(path)
    return resize(center_square(image), (size, size))


def as_png(image: Tensor) -> bytes:
    """Encode an image from its pixels alone: no EXIF, no text, no colour profile is left.

    PNG adds no errors of its own, so that no method looks worse for having been saved.
    """
    buffer = io.BytesIO()
    Image.fromarray(to_uint8(image).permute(1, 2, 0).numpy()).save(buffer, format="PNG")
    return buffer.getvalue()


def bad_answer(reference: Tensor) -> Tensor:
    """Return a picture that nobody who looks can like: the reference in 4 by 4 patches of colour.

    It has no line of the drawing.
    """
    patches = functional.adaptive_avg_pool2d(reference[None], _BLOCKS)
    return functional.interpolate(patches, size=reference.shape[-2:], mode="nearest")[0]
