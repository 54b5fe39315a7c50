"""Colour jitter of a batch in which every sample has factors of its own."""

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.io.images import to_gray


def jitter_colors(
    image: Float[Tensor, "batch 3 height width"], factors: Float[Tensor, "batch 4"]
) -> Float[Tensor, "batch 3 height width"]:
    r"""Change brightness, contrast, saturation and hue, in this order, each clamped to [0, 1].

    With :math:`b, c, s, h` a sample's four factors and :math:`\bar g` its mean grey:
    :math:`b x`, then :math:`c x + (1 - c) \bar g`, then :math:`s x + (1 - s)\,\text{gray}(x)`, then
    the hue turned by :math:`h` of a full circle. (1, 1, 1, 0) changes nothing but rounding.

    Reference:
        The formulas of ``torchvision.transforms.v2.functional``, whose factors hold for a batch.
    """
    brightness, contrast, saturation, hue = factors[:, :, None, None, None].unbind(1)
    image = (brightness * image).clamp(0, 1)
    mean = to_gray(image).mean((-3, -2, -1), keepdim=True)
    image = (contrast * image + (1 - contrast) * mean).clamp(0, 1)
    image = (saturation * image + (1 - saturation) * to_gray(image)).clamp(0, 1)
    return turn_hue(image, hue)


def turn_hue(image: Tensor, turn: Tensor) -> Tensor:
    """Turn the hue by a part of a full circle, keeping HSV's saturation and value."""
    value, smallest = image.amax(1, keepdim=True), image.amin(1, keepdim=True)
    chroma = value - smallest
    red, green, blue = image.split(1, dim=1)
    safe = torch.where(chroma > 0, chroma, 1)
    sector = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, 4 + (red - green) / safe),
    )
    offsets = torch.tensor([5.0, 3.0, 1.0], device=image.device).view(1, 3, 1, 1)
    k = (offsets + sector + 6 * turn).remainder(6)
    return value - chroma * torch.minimum(k, 4 - k).clamp(0, 1)
