"""Means of images that are drawn anew: how a result would vary with other images."""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 9999
_CHUNK = 2**22  # Numbers drawn at a time: bounds the memory for many thousand images.


def resampled_means(
    values: NDArray[np.float64], resamples: int, seed: int = 0
) -> NDArray[np.float64]:
    """Return the mean over as many rows, drawn with replacement, for each time they are drawn.

    Args:
        values: A row for each image.
        resamples: How many times.
        seed: Chooses the rows.
    """
    random, count = np.random.default_rng(seed), len(values)
    at_once = max(1, _CHUNK // values.size)
    means = [
        values[random.integers(count, size=(min(at_once, resamples - done), count))].mean(1)
        for done in range(0, resamples, at_once)
    ]
    return np.concatenate(means)
