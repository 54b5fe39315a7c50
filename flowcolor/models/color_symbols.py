"""Colours as symbols: bytes of a channel, and one of 512 bins of three bits a channel."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from flowcolor.values import require_floats

BITS = 3
LEVELS = 2**BITS  # Of a channel.
BINS = LEVELS**3
_WIDTH = 256 // LEVELS  # Of a bin, in bytes.

Symbols = Integer[Tensor, "batch height width"]
Channels = Integer[Tensor, "batch 3 height width"]
Image = Float[Tensor, "batch 3 height width"]


def to_bytes(image: Float[Tensor, "..."]) -> Integer[Tensor, "..."]:
    """Return the nearest of 256 levels for values in [0, 1], 0 for NaN, which has none."""
    require_floats("to_bytes", image)
    levels: Tensor = (image.nan_to_num() * 255).round().clamp(0, 255).long()
    return levels


def show_broken(result: Tensor, *images: Tensor | None) -> Tensor:
    """Return NaN for the samples of which an image is not finite: levels cannot tell."""
    for image in images:
        if image is not None:
            broken = ~image.isfinite().flatten(1).all(1)
            result = result.masked_fill(broken.view(-1, *[1] * (result.ndim - 1)), torch.nan)
    return result


def to_levels(image: Image) -> Channels:
    """Return the upper three bits of each channel, from 0 to 7."""
    levels: Tensor = to_bytes(image) // _WIDTH
    return levels


def to_bins(image: Image) -> Symbols:
    r"""Return the bin :math:`64 r + 8 g + b` of each pixel, of the levels of its channels.

    Raises:
        ValueError: These are no float images of shape (batch, 3, height, width).

    Example:
        >>> to_bins(torch.tensor([1.0, 0.0, 0.5]).view(1, 3, 1, 1))
        tensor([[[452]]])
    """
    require_floats("to_bins", image)
    if image.ndim != 4 or image.shape[1] != 3:
        raise ValueError(
            f"to_bins expects images of shape (batch, 3, height, width), got {tuple(image.shape)}."
        )
    red, green, blue = to_levels(image).unbind(1)
    bins: Tensor = (red * LEVELS + green) * LEVELS + blue
    return bins


def bin_levels(bins: Symbols) -> Channels:
    """Return the levels of the channels of each bin."""
    return torch.stack([bins // LEVELS**2, bins // LEVELS % LEVELS, bins % LEVELS], 1)


def middle(levels: Channels) -> Image:
    """Return the image of levels: the middle of what each of them stands for."""
    return from_bytes(levels * _WIDTH + _WIDTH // 2)


def from_bytes(levels: Integer[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Return values in [0, 1] for levels up to 255, in float32 whatever the default type is."""
    values: Tensor = levels.float() / 255
    return values
