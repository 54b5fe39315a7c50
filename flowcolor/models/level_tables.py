"""Levels of one channel that get the distribution of others."""

import torch
from torch import Tensor

_LEVELS = 256


def look_up(levels: Tensor, own: Tensor, lent: Tensor) -> Tensor:
    r"""Return the levels, each replaced by :math:`\min \{j : G(j) \ge H(i)\}`.

    Args:
        levels: Whole numbers from 0 to 255, any shape.
        own: The levels whose cumulative distribution is :math:`H`, usually the same.
        lent: Those of :math:`G`.

    Example:
        >>> levels = torch.tensor([3.0, 3.0, 9.0])
        >>> look_up(levels, levels, torch.tensor([10.0, 20.0, 30.0]))
        tensor([20., 20., 30.])
    """
    h, g = (torch.bincount(x.long(), minlength=_LEVELS).cumsum(0) for x in (own, lent))
    # Counts times the other's number, because fractions that should be equal are not when rounded.
    table = torch.searchsorted(g * len(own), h * len(lent)).clamp(max=_LEVELS - 1)
    return table[levels.long()].to(levels)


def interpolated(levels: Tensor, own: Tensor, lent: Tensor) -> Tensor:
    """Return what :func:`look_up` returns, but between levels where the distributions are."""
    from numpy import interp
    from skimage.exposure import match_histograms  # Here: not everybody has scikit-image.

    # It takes the distribution of what it changes; a level of others goes where its like went.
    matched = match_histograms(own.double().cpu().numpy(), lent.double().cpu().numpy())
    at, first = torch.unique(own.cpu(), return_inverse=True)
    target = torch.zeros(len(at), dtype=torch.float64)
    target[first] = torch.from_numpy(matched)
    found = interp(levels.double().cpu().numpy(), at.double().numpy(), target.numpy())
    return torch.from_numpy(found).to(levels)


def stretched(image: Tensor) -> Tensor:
    """Bring RGB (1, 3, H, W) towards 0 to 255 by the letter of a program that has two mistakes.

    It scales to 256, and asks how large green is before it scales blue.
    """
    red, green, blue = (channel - channel.amin().clamp(max=0) for channel in image[0])
    red, green = (_scaled(channel, channel) for channel in (red, green))
    return torch.stack([red, green, _scaled(blue, green)])[None]


def _scaled(channel: Tensor, asked: Tensor) -> Tensor:
    return channel / channel.amax() * 256 if float(asked.amax()) > 256 else channel
