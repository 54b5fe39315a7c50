"""How fast an error falls as training photographs become more: a straight line in logarithms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.bootstrap import RESAMPLES, resampled_means
from flowcolor.evaluation.given import check_draws, complete, numbers_of


@dataclass(frozen=True)
class Slope:
    """The exponent of a power law with its 95 % interval.

    Args:
        slope: -0.5: four times as many photographs halve the error.
        low: Lower end of the interval; NaN where there is none.
        high: Upper end.
    """

    slope: float
    low: float = float("nan")
    high: float = float("nan")


def power_law(
    counts: Sequence[int],
    errors: NDArray[np.float64],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Slope:
    r"""Fit :math:`\log \bar e(n) = a + b \log n` by least squares and return :math:`b`.

    The interval is a percentile bootstrap over images: they are drawn anew, with replacement, the
    same for all :math:`n`. It says how the slope would vary with other test images, not with other
    trainings.

    Args:
        counts: :math:`n`, two or more, different.
        errors: One row for each test image, a column for each count, positive in the mean.
        resamples: How many.
        seed: Chooses the images, and is the only chance in it.

    Raises:
        ValueError: Shapes do not fit, counts are not different or not above 0, or an argument is
            none of those above.

    Reference:
        Hestness et al., "Deep learning scaling is predictable, empirically" (2017).
        https://arxiv.org/abs/1712.00409

    Example:
        >>> errors = np.outer([1.0, 3.0], [1.0, 0.5, 0.25])
        >>> round(power_law([10, 40, 160], errors).slope, 6)
        -0.5
    """
    check_draws(power_law, resamples, seed)
    n, errors = complete(power_law, 1, counts=counts), numbers_of(power_law, 2, errors=errors)
    if errors.shape[1] != len(n) or len(set(n)) < 2:
        raise ValueError(
            "power_law expects a column of errors for each of two or more different counts, got "
            f"{errors.shape} and {list(counts)}."
        )
    if n.min() <= 0:
        raise ValueError(f"power_law expects counts above 0, got {list(counts)}.")
    x = np.log(n)
    x -= x.mean()
    weights = x / (x @ x)  # Least squares: the slope is a weighted sum of logarithms.
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = float(np.log(errors.mean(0)) @ weights)
        if len(errors) < 2 or not np.isfinite(slope):
            return Slope(slope if np.isfinite(slope) else float("nan"))
        slopes = np.log(resampled_means(errors, resamples, seed)) @ weights
    low, high = np.quantile(slopes, [0.025, 0.975])
    return Slope(slope, float(low), float(high))
