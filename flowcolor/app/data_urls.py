"""Pictures as texts that browsers read, so that no picture of a visitor ever becomes a file."""

import base64
import io

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.io.images import decode_image, to_uint8
from flowcolor.io.resizing import resize

MOST_BYTES = 32 * 2**20  # Of a file that is opened in the page; cameras write up to half of it.
_MOST_PIXELS = 60_000_000  # Decoded they fill 180 MB; scanners at 600 dpi write 35 million.


def to_data_url(image: Float[Tensor, "3 height width"]) -> str:
    """Return a picture in [0, 1] as the text of a PNG.

    Example:
        >>> import torch
        >>> to_data_url(torch.zeros(3, 1, 1))[:22]
        'data:image/png;base64,'
    """
    pixels = to_uint8(image.detach().cpu()).permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    # The browser is near and waits: twice as fast as the default, and hardly larger.
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=3)
    return f"data:image/png;base64,{base64.b64encode(buffer.getbuffer()).decode()}"


def from_data_url(url: object, name: str, longest: int) -> Float[Tensor, "3 height width"]:
    """Return the picture of a data URL in [0, 1], as files are read by the command line.

    Args:
        url: ``data:...;base64,...`` of any format that Pillow reads. Its type is not believed.
        name: What errors call it.
        longest: The longer side in pixels to which larger pictures are shrunk.

    Raises:
        InputError: It is too large, truncated or no picture.
    """
    head, _, text = url.partition(",") if isinstance(url, str) else ("", "", "")
    if not (head.startswith("data:") and head.endswith(";base64")):
        raise InputError(f"{name} is not a picture in a data URL.")
    if len(text) * 3 // 4 > MOST_BYTES:
        raise InputError(
            f"{name} expects a file of at most {MOST_BYTES >> 20} MB, got "
            f"{(len(text) * 3 // 4) >> 20} MB."
        )
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:  # A binascii.Error, or a letter beyond ASCII.
        raise InputError(f"{name} is not a picture in a data URL.") from error
    if not data:
        raise InputError(f"{name} is empty; expected an image file.")
    pixels = decode_image(data, name, _MOST_PIXELS)
    height, width = pixels.shape[-2:]
    scale = min(1.0, longest / max(height, width))
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return resize(pixels, size).float() / 255
