"""Hue, saturation and intensity of a colour, and back."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.values import is_float, require_colors, require_tensors, widen

_THIRD = 2 * math.pi / 3


def rgb_to_hsi(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Return hue, saturation and intensity, each in [0, 1].

    .. math:: I = \tfrac13 (R + G + B), \qquad S = 1 - \min(R, G, B) / I, \qquad
              2 \pi H = \begin{cases} \theta & B \le G \\ 2 \pi - \theta & B > G \end{cases}

    .. math:: \theta = \arccos \frac{(R - G) + (R - B)}{2 \sqrt{(R - G)^2 + (R - B)(G - B)}}

    Grey has hue 0, and black also saturation 0. The angle is computed by an arc tangent of the
    same two sides, because the arc cosine loses half of its digits near pure red.

    Raises:
        ValueError: If ``image`` is not a float image with values in [0, 1].

    Reference:
        Gonzalez and Woods, "Digital image processing", section 6.2.

    Example:
        >>> red_and_grey = torch.tensor([[1.0, 0.5], [0.0, 0.5], [0.0, 0.5]]).view(1, 3, 1, 2)
        >>> rgb_to_hsi(red_and_grey)[0, :, 0].round(decimals=4)
        tensor([[0.0000, 0.0000],
                [1.0000, 0.0000],
                [0.3333, 0.5000]])
    """
    require_colors("rgb_to_hsi", image)
    _require_three("rgb_to_hsi", image)
    red, green, blue = widen(image).unbind(1)
    angle = torch.atan2(3**0.5 * (green - blue), 2 * red - green - blue)
    hue = (angle / (2 * math.pi)).remainder(1)
    hue = torch.where(hue == 1, 0, hue)  # What a tiny negative angle is rounded to.
    intensity = (red + green + blue) / 3
    smallest = torch.minimum(torch.minimum(red, green), blue)
    saturation = torch.where(intensity > 0, 1 - smallest / intensity.clamp(min=1e-30), 0)
    return torch.stack([hue, saturation, intensity], 1)


def hsi_to_rgb(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Undo :func:`rgb_to_hsi`.

    In the third of the circle from red to green

    .. math:: B = I (1 - S), \qquad
              R = I \left(1 + \frac{S \cos 2 \pi H}{\cos(\pi / 3 - 2 \pi H)}\right), \qquad
              G = 3 I - R - B,

    and likewise in the other two, with the channels moved on.

    Example:
        >>> image = torch.rand(1, 3, 4, 4)
        >>> torch.allclose(hsi_to_rgb(rgb_to_hsi(image)), image, atol=1e-5)
        True
    """
    _require_three("hsi_to_rgb", image)
    hue, saturation, intensity = widen(image).unbind(1)
    angle = 2 * math.pi * hue.remainder(1)
    sector = (angle / _THIRD).floor().clamp(0, 2)
    within = angle - sector * _THIRD
    low = intensity * (1 - saturation)
    first = intensity * (1 + saturation * within.cos() / (math.pi / 3 - within).cos())
    second = 3 * intensity - first - low
    turned = torch.stack([first, second, low], 1)
    # In sector k the channels are turned by k: red's formula belongs to green, then to blue.
    index = (torch.arange(3, device=image.device).view(1, 3, 1, 1) - sector[:, None].long()) % 3
    return turned.gather(1, index)


def _require_three(name: str, images: Tensor) -> None:
    require_tensors(name, images)
    if images.ndim != 4 or images.shape[1] != 3 or not is_float(images):
        raise ValueError(
            f"{name} expects float images of shape (batch, 3, height, width), got {images.dtype} "
            f"of shape {tuple(images.shape)}."
        )
