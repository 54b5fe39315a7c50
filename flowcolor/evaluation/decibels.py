"""PSNR as reports have it: no picture counts for more than a file of one can show."""

from jaxtyping import Float
from torch import Tensor

from flowcolor.metrics import psnr

MOST = 60.0  # Rounding to 256 levels alone is an error of 58.9.


def decibels(
    result: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    """Return :func:`~flowcolor.metrics.psnr`, at most 60.

    A result that is its photograph, as a grey photograph's luma is, would otherwise make the mean
    of all pairs infinite, or, where a float rounds, have five times the weight of a good result.

    Raises:
        ValueError: As of ``psnr``.

    Example:
        >>> import torch
        >>> decibels(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4))
        tensor([60.])
    """
    return psnr(result, truth).clamp(max=MOST)
