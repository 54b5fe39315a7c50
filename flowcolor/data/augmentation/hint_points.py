r"""Hints as a user might give them: a few spots of the truth's colours."""

from numbers import Integral

import numpy as np
import torch
from torch import Tensor

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, shown_value
from flowcolor.data.augmentation.random_streams import HINTS, stream
from flowcolor.data.batch import Batch, require_batch
from flowcolor.errors import InputError
from flowcolor.values import require_colors

_LARGEST = 9  # Side of a spot in pixels.


class HintPoints:
    r"""Add colours at random points, each a square spot with the mean colour of the truth there.

    Their number is geometric, :math:`P(n) = p\,(1 - p)^n`; sides are uniform from 1 to 9 pixels;
    centres are normal around the middle of the image, with a deviation of a quarter of its side,
    drawn again while they lie outside.

    Args:
        p: Of the number; 1 for none ever. Its mean is :math:`1/p - 1`.
        count: Give so many in every image instead, for scores against the number of hints: more
            points are then those of fewer, and others.

    Raises:
        InputError: An argument is out of range.

    Reference:
        Zhang et al., "Real-time user-guided image colorization with learned deep priors" (2017),
        section 3.2. https://arxiv.org/abs/1705.02999

    Example:
        >>> from flowcolor.data import HintPoints
        >>> images = torch.rand(2, 3, 32, 32)
        >>> batch = {"truth": images, "index": torch.arange(2), "name": ["a", "b"]}
        >>> HintPoints(count=3)(batch, seed=0, epoch=0)["hint_mask"].shape
        torch.Size([2, 1, 32, 32])
    """

    @plain_numbers
    def __init__(self, p: float = 0.125, count: int | None = None) -> None:
        if not is_number(p) or not 0.001 <= p <= 1:
            raise InputError(f"p should lie between 0.001 and 1, got {shown_value(p)}.")
        whole = isinstance(count, Integral) and not isinstance(count, bool)
        if count is not None and not (whole and 0 <= count <= 10_000):
            got = shown_value(count)
            raise InputError(f"count should lie between 0 and 10000, got {got}.")
        self.p = p
        self.count = count

    def __call__(self, batch: Batch, seed: int, epoch: int) -> Batch:
        """Return the batch with ``hint_colors`` and ``hint_mask``.

        Args:
            batch: ``truth`` (B, 3, H, W) in [0, 1], ``index`` (B,), and others.
            seed: The experiment's seed.
            epoch: New epochs draw new numbers.

        Raises:
            ValueError: An argument is none of those above.
        """
        require_batch(self, batch, "truth")
        require_colors(type(self).__name__, batch["truth"])
        truth = batch["truth"]
        spots = np.zeros((len(truth), *truth.shape[2:]), dtype=np.int64)  # 0: no spot is here.
        count = 0
        for plane, index in zip(spots, batch["index"], strict=True):
            random = stream(HINTS, seed, epoch, int(index))
            number = int(random.geometric(self.p)) - 1 if self.count is None else self.count
            for _ in range(number):
                count += 1
                size = int(random.integers(1, _LARGEST + 1))
                plane[tuple(_span(random, side, size) for side in plane.shape)] = count
        where = torch.from_numpy(spots).to(truth.device)
        mask = (where > 0).to(truth.dtype)[:, None]
        return {**batch, "hint_colors": mask * _means(truth, where, count + 1), "hint_mask": mask}


def _means(images: Tensor, where: Tensor, count: int) -> Tensor:
    """Return each pixel's mean over all that have its number."""
    places = where.flatten()
    pixels = images.movedim(1, -1).flatten(0, -2)
    sums = pixels.new_zeros(count, pixels.shape[1]).index_add_(0, places, pixels)
    sizes = places.bincount(minlength=count).clamp(min=1)[:, None]
    return (sums / sizes)[where].movedim(-1, 1)


def _span(random: np.random.Generator, side: int, size: int) -> slice:
    while True:
        centre = random.normal(0.5, 0.25)
        if 0 <= centre < 1:
            start = int(centre * side) - size // 2
            return slice(max(start, 0), min(start + size, side))
