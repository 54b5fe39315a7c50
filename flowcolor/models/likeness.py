"""How alike pixels are in brightness: the weights of an average over neighbours."""

from typing import Literal

import numpy as np

Likeness = Literal["levin", "variance", "letter"]
_FLAT = 2e-6  # Of the authors: where all are equal, the width of the bell is not zero.


def likeness(luma: np.ndarray, around: np.ndarray, kind: Likeness) -> np.ndarray:
    r"""Return weights of the neighbours of each pixel, which sum to 1; 0 outside the picture.

    .. math:: w_{rs} \propto \exp\left(-\frac{(t_r - t_s)^2}{c_r}\right)

    - ``"levin"``: :math:`c_r` is 0.6 times the variance of pixel and neighbours, raised until the
      most similar neighbour has at least 0.01 before scaling, and at least 2e-6.
    - ``"variance"``: :math:`c_r = 2 \sigma_r^2`, twice that variance.
    - ``"letter"``: :math:`c_r = 2 \sigma_r^2` with :math:`\sigma_r` itself the variance of the
      neighbours alone, and 0.01 where that is zero, as the document's program has it. It
      depends on the scale of the brightness, which is 0 to 255 for it.

    Args:
        luma: :math:`t`, (H, W), in [0, 1].
        around: Neighbours of :func:`~flowcolor.models.pixel_graph.neighborhood`, (N, H, W).
        kind: The formula of :math:`c`.
    """
    inside = ~np.isnan(around)
    if kind == "letter":
        luma, around = 255 * luma, 255 * around
    squares = np.where(inside, (np.nan_to_num(around) - luma) ** 2, np.inf)
    alone = ~inside.any(0)  # In a picture of one pixel.
    nearest = np.where(alone, 0, squares.min(0))
    if kind == "levin":
        width = np.maximum(0.6 * _variance(around, luma), nearest / -np.log(0.01))
        width = np.maximum(width, _FLAT)
    elif kind == "variance":
        width = 2 * _variance(around, luma)
    else:
        sigma = _variance_of_neighbors(around)
        width = 2 * np.where(sigma > 0, sigma, 0.01) ** 2
    # Less that of the nearest, so that one weight is 1: they are scaled anyway, and a narrow bell
    # would make all of them 0, and their sum, too. No bell at all means that all are equal.
    distance = (squares - nearest) / np.where(width > 0, width, 1)
    weights = np.where(inside, np.maximum(np.exp(-distance), 1e-12), 0.0)
    scaled: np.ndarray = weights / np.where(alone, 1, weights.sum(0))
    return scaled


def _variance(around: np.ndarray, luma: np.ndarray) -> np.ndarray:
    variance: np.ndarray = np.nanvar(np.concatenate([around, luma[None]]), axis=0)
    return variance


def _variance_of_neighbors(around: np.ndarray) -> np.ndarray:
    """Return the unbiased variance, 0 where there is one neighbour only."""
    count = (~np.isnan(around)).sum(0)
    mean = np.nansum(around, 0) / np.maximum(count, 1)
    squares: np.ndarray = np.nansum((around - mean) ** 2, 0) / np.maximum(count - 1, 1)
    return squares
