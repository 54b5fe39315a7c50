"""Shrinking by whole factors in whole numbers: exact, so the same on every machine, and fast.

The filter is that of :func:`~flowcolor.io.resizing.resize`, a triangle twice as wide as the factor.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

_LARGEST = 8  # Sums of bytes along one axis then have 15 bits: 255 * 2 * 8 * 8 < 2^15.


def whole_factors(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int] | None:
    """Return how many times (height, width) hold the target, if :func:`shrink` can do that.

    Example:
        >>> whole_factors((1024, 2048), (512, 512)), whole_factors((1000, 1000), (512, 512))
        ((2, 4), None)
    """
    down, across = size[0] // target[0], size[1] // target[1]
    whole = (down * target[0], across * target[1]) == size
    return (down, across) if whole and max(down, across) <= _LARGEST else None


def shrink(
    image: Integer[Tensor, "height width *channels"],
    factors: tuple[int, int],
    mix: Callable[[Tensor], Tensor] | None = None,
) -> Float[Tensor, "height2 width2"]:
    """Shrink bytes, or true and false, by whole factors; float64, and exact but for one division.

    Args:
        image: Values of 8 bits.
        factors: How many times smaller, down and across, at most 8.
        mix: Makes one number of the channels, as float64; it is called when the image is shrunk
            along its columns only.
    """
    rows = _sums(image, factors[0], 0, torch.int16)
    sums = _sums(rows if mix is None else mix(rows), factors[1], 1, torch.float64)
    down, across = (
        _sums(sums.new_ones(length * factor), factor, 0, torch.float64)
        for length, factor in zip(sums.shape, factors, strict=True)
    )
    return sums / (down[:, None] * across)


def _sums(image: Tensor, factor: int, axis: int, dtype: torch.dtype) -> Tensor:
    """Sum neighbours with weights 1, 3, 5, ..., 5, 3, 1; what lies outside counts nothing."""
    shape = list(image.shape)
    shape[axis] //= factor
    sums = torch.zeros(shape, dtype=dtype, device=image.device)
    source, into = image.to(dtype).movedim(axis, 0), sums.movedim(axis, 0)
    for offset in range(-factor, 2 * factor):  # From the first that belongs to a result.
        weight = 2 * factor - abs(2 * offset + 1 - factor)
        if weight > 0:
            first = int(offset < 0)
            rows = source[offset + first * factor :: factor][: len(into) - first]
            into[first : first + len(rows)].add_(rows, alpha=weight)
    return sums
