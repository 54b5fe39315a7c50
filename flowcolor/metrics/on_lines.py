"""What every measure at the lines of a drawing asks of its arguments."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, is_real, shown_value
from flowcolor.values import require_colors, require_tensors


def check_on_lines(
    name: str, image: Tensor, drawing: Tensor, threshold: float, **distance: float
) -> None:
    """Refuse what cannot be measured at the lines of a drawing.

    Args:
        name: Who refuses; it begins the message.
        image: Should be :math:`(B, 3, H, W)`, about in [0, 1].
        drawing: Should be :math:`(B, C, H, W)`, about in [0, 1].
        threshold: Should lie above 0 and up to 1.
        distance: One distance by its name; should be finite and above 0.

    Raises:
        ValueError: One of them is not as it should be.
    """
    require_tensors(name, image, drawing)
    good = image.ndim == 4 and image.shape[1] == 3 and drawing.ndim == 4
    good = good and 0 not in drawing.shape[1:]
    if not good or (len(drawing), *drawing.shape[2:]) != (len(image), *image.shape[2:]):
        raise ValueError(
            f"{name} expects images of shape (batch, 3, height, width) with sides of at least 1 "
            f"and drawings of their size, got {tuple(image.shape)} and {tuple(drawing.shape)}."
        )
    require_colors(name, image, drawing)
    check_threshold(name, threshold, "above", **distance)


def check_threshold(
    name: str, threshold: float, bound: Literal["above", "from"], **distance: float
) -> None:
    """Refuse a threshold or a distance that is no number of its range.

    Args:
        name: Who refuses; it begins the message.
        threshold: Should lie above 0 and up to 1.
        bound: Whether the distance may be 0.
        distance: One distance by its name; should be finite, and above 0 or at least 0.

    Raises:
        ValueError: One of them is not as it should be.
    """
    for what, value in distance.items():
        numbers = all(map(is_real, (threshold, value)))
        good = numbers and 0 < threshold <= 1 and is_number(value) and value >= 0
        if not good or (value == 0 and bound == "above"):
            got = " and ".join(map(shown_value, (threshold, value)))
            raise ValueError(
                f"{name} expects a threshold above 0 and up to 1 and a finite {what} {bound} 0, "
                f"got {got}."
            )


@plain_numbers
def in_pixels(distance: float, image: Tensor) -> float:
    """Return a distance in pixels: below 1 it is a fraction of the shorter side.

    Never more than both sides together, beyond which there is nothing.
    """
    height, width = image.shape[-2:]
    pixels = distance * min(height, width) if distance < 1 else distance
    return min(pixels, height + width)


def show_broken(
    numbers: Float[Tensor, " batch"], *images: Float[Tensor, "batch _ height width"]
) -> Float[Tensor, " batch"]:
    """Return NaN for images that have some: what only compares would pass them over."""
    broken = [image.isnan().flatten(1).any(1) for image in images]
    return numbers.masked_fill(torch.stack(broken).any(0), torch.nan)
