"""Filters that judge paper.

In torch, because loading scipy's would take a sixth of the time from start to picture.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Plane = Float[Tensor, "1 height width"]


def closed(image: Plane, radius: int) -> Plane:
    """Fill what is darker than around and narrower than a square of ``2 * radius + 1`` pixels.

    The largest value of each square, and of these the smallest; ``scipy.ndimage.grey_closing``.
    """
    return -_largest(-_largest(image, radius), radius)


def blurred(image: Plane, sigma: float) -> Plane:
    """Blur by a Gaussian, the border repeated; ``scipy.ndimage.gaussian_filter``.

    Args:
        image: What is blurred.
        sigma: Standard deviation in pixels; the filter ends at four of them.
    """
    reach = int(4 * sigma + 0.5)
    places = torch.arange(-reach, reach + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-places.square() / (2 * sigma**2))
    kernel = (weights / weights.sum())[None, None]
    for padding, shaped in (
        ((0, 0, reach, reach), kernel[..., None]),
        ((reach, reach, 0, 0), kernel[..., None, :]),
    ):
        image = functional.conv2d(functional.pad(image, padding, mode="replicate"), shaped)
    return image


def _largest(image: Plane, radius: int) -> Plane:
    side = 2 * radius + 1
    rows = functional.max_pool2d(image, (side, 1), 1, (radius, 0))
    return functional.max_pool2d(rows, (1, side), 1, (0, radius))
