"""Images as tensors at other sizes."""

import torch
from jaxtyping import Num
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import is_list, plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.values import is_float, require_tensors, widen


@plain_numbers
def resize(image: Num[Tensor, "*b c h w"], size: tuple[int, int]) -> Num[Tensor, "*b c h2 w2"]:
    """Resize one image or a batch to (height, width), bilinear with antialiasing.

    Bytes stay bytes. They are rounded between the axes, too, and so may be one off.

    Raises:
        ValueError: It is no image of bytes or floats with pixels, or ``size`` no two sides.
    """
    require_tensors("resize", image)
    known = image.dtype == torch.uint8 or is_float(image)
    if not known or image.ndim not in (3, 4) or 0 in image.shape[-2:]:
        raise ValueError(
            "resize expects an image of bytes or floats of shape (channels, height, width) or a "
            f"batch of them, got {image.dtype} of shape {tuple(image.shape)}."
        )
    if not is_list(size) or len(size) != 2:
        raise ValueError(
            f"resize expects size to be a height and a width, got {shown_value(size)}."
        )
    if image.shape[-2:] == size:
        return image
    batch = image if image.ndim == 4 else image[None]
    # The CPU has no such filter for half precision.
    wide = batch if batch.dtype == torch.uint8 else widen(batch)
    resized = functional.interpolate(
        wide, tuple(size), mode="bilinear", antialias=True, align_corners=False
    ).to(batch.dtype)
    return resized if image.ndim == 4 else resized[0]


def center_square(image: Tensor) -> Tensor:
    """Cut the largest centred square out of the last two axes.

    Raises:
        ValueError: It is no tensor with two axes.
    """
    require_tensors("center_square", image)
    if image.ndim < 2:
        raise ValueError(
            f"center_square expects a tensor of two axes or more, got shape {tuple(image.shape)}."
        )
    height, width = image.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[..., top : top + side, left : left + side]


def crop(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Keep the upper left (height, width), which undoes padding to the right and to the bottom."""
    return image[..., : size[0], : size[1]]
