"""Images as tensors at other sizes."""

from jaxtyping import Num
from torch import Tensor
from torch.nn import functional


def resize(image: Num[Tensor, "*b c h w"], size: tuple[int, int]) -> Num[Tensor, "*b c h2 w2"]:
    """Resize one image or a batch to (height, width), bilinear with antialiasing.

    Bytes stay bytes. They are rounded between the axes, too, and so may be one off.
    """
    if image.shape[-2:] == size:
        return image
    batch = image if image.ndim == 4 else image[None]
    resized = functional.interpolate(
        batch, size, mode="bilinear", antialias=True, align_corners=False
    )
    return resized if image.ndim == 4 else resized[0]


def center_square(image: Tensor) -> Tensor:
    """Cut the largest centred square out of the last two axes."""
    height, width = image.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[..., top : top + side, left : left + side]


def crop(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Keep the upper left (height, width), which undoes padding to the right and to the bottom."""
    return image[..., : size[0], : size[1]]
