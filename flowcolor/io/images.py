"""Image files and tensors: every picture becomes a float tensor of RGB values in [0, 1].

Conversions, so that nobody has to guess:

- The orientation that a camera writes into EXIF is applied; embedded colour profiles are ignored.
- Grey images get three equal channels, palettes are looked up, transparent pixels lie on white.
- CMYK, YCbCr, Lab and HSV are converted to RGB by Pillow.
- Grey of 16 bits is divided by 65535, of 12-bit TIFF by 4095; of 16 bits with colour or opacity
  Pillow gives the upper 8. Numbers of 32 bits, with a sign or a fraction, have no known range and
  are refused. Of several frames, only the first is read.
"""

import io
import math
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from flowcolor.color import to_gray
from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_dir, is_empty
from flowcolor.io.opened import opened
from flowcolor.io.streams import require_no_pipe
from flowcolor.io.whole_file import whole_file
from flowcolor.io.wide_gray import is_wide, scale_transparency, wide_gray
from flowcolor.values import require_colors, require_floats, require_tensors

_FORMATS = {
    ".bmp": "BMP",
    ".jfif": "JPEG",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
IMAGE_SUFFIXES = tuple(_FORMATS)  # Those that are written; what is read is a longer list.
_LONGEST = {"JPEG": 65500, "WEBP": 16383}  # Pixels a side that are written; others have no limit.

# Of a damaged file, Pillow's plugins raise whatever happens to them: struct.error, SyntaxError,
# EOFError, and of AVIF a RuntimeError, of QOI an IndexError, of ICNS an AssertionError.
UNREADABLE = (Exception,)


def read_image(path: str | Path) -> Float[Tensor, "3 height width"]:
    """Read an image of any common mode as RGB in [0, 1]; the module says how modes are converted.

    Args:
        path: A file of any format that Pillow reads.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return torch.from_numpy(_read(path, _to_rgb))


def read_bytes(path: str | Path) -> UInt8[Tensor, "3 height width"]:
    """Read an image as :func:`read_image`, as bytes: several times faster. 16 bits are rounded.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return torch.from_numpy(_read(path, _to_bytes)).movedim(2, 0)


def decode_image(data: bytes, name: str, most_pixels: int) -> UInt8[Tensor, "3 height width"]:
    """Read an image that is no file, as :func:`read_bytes`.

    Args:
        data: What would be in the file.
        name: What errors call it.
        most_pixels: Of more, which are told by the head alone, nothing is decoded.

    Raises:
        InputError: It is truncated, too large or not an image.
    """
    pixels = _open(io.BytesIO(data), name, _to_bytes, most_pixels)
    return torch.from_numpy(pixels).movedim(2, 0)


def read_layer(path: str | Path) -> Float[Tensor, "4 height width"]:
    """Read an image as RGB and opacity in [0, 1]; colours are those under the transparency.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return torch.from_numpy(_read(path, _to_layer))


def read_sketch(path: str | Path) -> Float[Tensor, "3 height width"]:
    """Read a line drawing as three equal channels in [0, 1], paper is 1.

    Args:
        path: A file of any format that Pillow reads.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return to_gray(read_image(path)).expand(3, -1, -1).contiguous()


def read_mask(path: str | Path) -> Bool[Tensor, "height width"]:
    """Read a mask: true where the grey value is above 127 of 255.

    Args:
        path: A file of any format that Pillow reads.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return torch.from_numpy(_read(path, _to_mask))


def read_nonzero(path: str | Path) -> Bool[Tensor, "height width"]:
    """Read a label file: true where a pixel is not black; transparency does not count.

    Raises:
        InputError: The file is missing, empty, truncated or not an image.
    """
    return torch.from_numpy(_read(path, _to_nonzero))


def write_image(image: Float[Tensor, "channels height width"], path: str | Path) -> None:
    """Write an RGB or grey image, clamped to [0, 1], whole or not at all.

    The format follows the suffix. The file appears under its name only once it is complete, so that
    an interrupted run leaves the previous file or none.

    Args:
        image: Values in [0, 1], of one or three channels.
        path: The file; folders that are missing are made.

    Raises:
        ValueError: The tensor is not one float image of one or three channels, or has values
            far outside [0, 1], or NaN, which would be black.
        InputError: The suffix is unknown, its format holds no such sides, or the file cannot be
            written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_image(torch.ones(3, 4, 5), f"{folder}/white.png")
        ...     read_image(f"{folder}/white.png").shape
        torch.Size([3, 4, 5])
    """
    require_tensors("write_image", image)
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"write_image expects 1 or 3 channels, got shape {tuple(image.shape)}.")
    if 0 in image.shape:
        raise ValueError(f"write_image expects pixels, got none in shape {tuple(image.shape)}.")
    if not image.is_floating_point():
        raise ValueError(
            f"write_image expects a float image with values in [0, 1], got {image.dtype}: divide "
            "bytes by 255."
        )
    require_colors("write_image", image)
    if not image.isfinite().all():
        raise ValueError("write_image expects finite values in an image, got NaN.")
    path = _path(path)
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path} should end in one of {', '.join(IMAGE_SUFFIXES)}.")
    require_sides(path, image.shape[-2], image.shape[-1])
    pixels = to_uint8(image.detach().float().cpu()).permute(1, 2, 0).numpy()
    picture = Image.fromarray(pixels if image.shape[0] == 3 else pixels[..., 0])
    name = _FORMATS[path.suffix.lower()]
    # A PNG of a page takes 5 seconds at the usual level 6, for a file that is a sixth smaller.
    options = {"JPEG": {"quality": 95}, "WEBP": {"quality": 95}, "PNG": {"compress_level": 3}}
    # Into memory first: of a full disk, Pillow would say "encoder error -2", or for JPEG nothing.
    buffer = io.BytesIO()
    with whole_file(path) as file:
        picture.save(buffer, format=name, **options.get(name, {}))
        file.write(buffer.getbuffer())


def require_sides(path: Path, height: int, width: int) -> None:
    """Refuse a picture that is longer than the format of its file can be.

    Raises:
        InputError: It names the file.
    """
    longest = _LONGEST.get(_FORMATS.get(path.suffix.lower(), ""), math.inf)
    if max(height, width) > longest:
        raise InputError(
            f"{path} expects at most {longest} pixels a side, the most that {path.suffix} holds, "
            f"got {width}x{height}: choose .png."
        )


def to_uint8(image: Tensor) -> Tensor:
    """Round [0, 1] to bytes; what lies outside is clamped.

    Raises:
        ValueError: If ``image`` is no float tensor.
    """
    require_floats("to_uint8", image)
    return image.clamp(0, 1).mul(255).round().to(torch.uint8)


def _read(path: str | Path, convert: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    """Open and convert a file; errors name it."""
    path = _path(path)
    if not exists(path):
        raise InputError(f"{path} does not exist; expected an image file.")
    if is_dir(path):
        raise InputError(f"{path} is a folder; expected an image file.")
    require_no_pipe(path)
    if is_empty(path):
        raise InputError(f"{path} is empty; expected an image file.")
    return _open(path, str(path), convert)


def _path(path: object) -> Path:
    """Return a path, or refuse what names no file."""
    if not isinstance(path, str | PathLike):
        shown = "None" if path is None else type(path).__name__
        raise InputError(f"Expected the path of an image file, got {shown}.")
    return Path(path)


def _open(
    source: Path | io.BytesIO,
    name: str,
    convert: Callable[[Image.Image], np.ndarray],
    most_pixels: float = math.inf,
) -> np.ndarray:
    """Decode, apply the camera's rotation and convert; errors say the name."""
    try:
        with opened(source) as picture:
            if picture.width * picture.height > most_pixels:
                sides = f"{picture.width}x{picture.height}"
                raise ValueError(f"it has {sides} pixels, expected at most {most_pixels}")
            scale_transparency(picture)
            ImageOps.exif_transpose(picture, in_place=True)
            return convert(picture)
    except UnidentifiedImageError as error:
        raise InputError(f"{name} is not an image that Pillow can read.") from error
    except UNREADABLE as error:
        raise InputError(f"{name} cannot be read as an image: {reason_of(error)}.") from error


def reason_of(error: Exception) -> str:
    """Return what an error says without its full stop, or its kind if it says nothing."""
    return getattr(error, "strerror", None) or str(error).rstrip(".") or type(error).__name__


def _to_nonzero(picture: Image.Image) -> np.ndarray:
    if picture.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV", "RGBA", "LA"):
        picture = picture.convert("RGB")  # What a colour looks like counts, not its number.
    pixels = np.asarray(picture)
    if pixels.ndim == 3:  # Several times faster than any(2).
        pixels = pixels[..., 0] | pixels[..., 1] | pixels[..., 2]
    return np.asarray(pixels != 0)


def _to_mask(picture: Image.Image) -> np.ndarray:
    if picture.mode in ("1", "L") and not picture.has_transparency_data:
        return np.asarray(picture.convert("L")) > 127
    red, green, blue = np.moveaxis(_to_bytes(picture).astype(np.int32), 2, 0)
    return np.asarray(2 * (299 * red + 587 * green + 114 * blue) > 255 * 1000)


def _to_rgb(picture: Image.Image) -> np.ndarray:
    """Return (3, height, width), float32 in [0, 1]."""
    if is_wide(picture):
        gray, opaque = wide_gray(picture)
        return np.repeat(np.where(opaque, gray, np.float32(1))[None], 3, axis=0)
    pixels = _to_bytes(picture)
    planes = np.empty((3, *pixels.shape[:2]), dtype=np.float32)
    for channel, plane in enumerate(planes):  # Several times faster than all three at once.
        np.divide(pixels[..., channel], np.float32(255), out=plane)
    return planes


def _to_bytes(picture: Image.Image) -> np.ndarray:
    """Return (height, width, 3), uint8."""
    if is_wide(picture):
        levels = np.rint(_to_rgb(picture) * 255).astype(np.uint8)
        return np.ascontiguousarray(levels.transpose(1, 2, 0))
    if picture.mode == "F":
        raise ValueError("floating point images have no known range")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _to_layer(picture: Image.Image) -> np.ndarray:
    """Return (4, height, width), float32 in [0, 1]."""
    if not picture.has_transparency_data:
        planes = _to_rgb(picture)
        return np.concatenate([planes, np.ones_like(planes[:1])])
    if is_wide(picture):
        gray, opaque = wide_gray(picture)
        return np.stack([gray, gray, gray, opaque])
    pixels = np.asarray(picture.convert("RGBA")).astype(np.float32)
    return np.moveaxis(pixels, 2, 0) / np.float32(255)
