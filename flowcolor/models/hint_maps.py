r"""Hints as maps that a network can read: how much is known at a place, and of what colour."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.models.hints import Hints
from flowcolor.values import widen, without_autocast

REACHES = (0.0, 2.0, 6.0)  # Standard deviations in cells: the place itself, an eye, a cheek.
CHANNELS = 4 * len(REACHES)


def hint_maps(hints: Hints, cell: int) -> Float[Tensor, "batch maps rows columns"]:
    r"""Return presence and colour of the hints in cells, near by and further off.

    With :math:`m` the mask and :math:`c` the colours, summed over each cell, and Gaussians
    :math:`g_\sigma` of peak 1 for :math:`\sigma` of 0, 2 and 6 cells:

    .. math:: p_\sigma = \min(g_\sigma * m,\, 1), \qquad
              \Big[p_\sigma,\; p_\sigma \Big(2\,\frac{g_\sigma * (m c)}{g_\sigma * m} - 1\Big)\Big]

    A network of 3x3 convolutions would need many steps to carry a point across a cheek. Where
    nothing is known, all is zero.

    Args:
        hints: Colours at points.
        cell: Side of a cell in pixels, which divides the sides of the hints.

    Reference:
        Normalised convolution: Knutsson and Westin (1993).
        https://doi.org/10.1109/CVPR.1993.341081

    Example:
        >>> mask = torch.zeros(1, 1, 16, 16)
        >>> mask[..., 4, 4] = 1
        >>> hint_maps(Hints(torch.ones(1, 3, 16, 16), mask), 4)[0, :4, 1, 1]
        tensor([1., 1., 1., 1.])
    """
    known = torch.cat([hints.mask, hints.mask * hints.colors.where(hints.mask > 0, 0)], 1)
    known = cell**2 * functional.avg_pool2d(widen(known), cell)
    return torch.cat([_presence_and_color(spread(known, reach)) for reach in REACHES], 1)


def spread(known: Tensor, reach: float) -> Tensor:
    """Convolve each channel with a Gaussian of peak 1, nothing being known beyond the border.

    Example:
        >>> spread(torch.ones(1, 1, 1, 1), 2.0)
        tensor([[[[1.]]]])
    """
    if reach == 0:
        return known
    radius = math.ceil(3 * reach)
    axis = torch.arange(-radius, radius + 1, device=known.device, dtype=known.dtype)
    kernel = torch.exp(-0.5 * (axis / reach) ** 2)
    planes = known.flatten(0, 1)[:, None]
    with without_autocast(planes):  # No network: what hints say is not to be rounded.
        planes = functional.conv2d(planes, kernel[None, None, None], padding=(0, radius))
        planes = functional.conv2d(planes, kernel[None, None, :, None], padding=(radius, 0))
    return planes[:, 0].view_as(known)


def _presence_and_color(known: Tensor) -> Tensor:
    mask, colors = known[:, :1], known[:, 1:]
    presence = mask.clamp(max=1)
    # Far from all hints both are so small that their quotient is noise; there, nothing is known.
    mean = colors / mask.clamp(min=1e-6)
    return torch.cat([presence, presence * (2 * mean - 1)], 1)
