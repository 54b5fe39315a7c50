"""Colour pairs one by one: with a sample of their own, and a clock beside it."""

import time
from collections.abc import Callable
from statistics import median
from typing import cast

import torch
from torch import Tensor, cat

from flowcolor.data.batch import Batch
from flowcolor.evaluation.result_folders import move
from flowcolor.experiments.comparison.blocks import Block, told
from flowcolor.experiments.comparison.costs import giga_macs
from flowcolor.models import Colorizer
from flowcolor.models.round_trip import exact
from flowcolor.training.objectives.base import colorize_batch

SEED = 0  # Of what random methods draw for each picture: one sample, never the best of several.


class Painter:
    """A method in one block, which colours batches picture by picture and notes how long it took.

    Alone in its batch, a picture takes what it takes a user, and its sample depends on nothing
    but its index.

    Args:
        colorizer: The method.
        block: What it is told.
        device: Where it works.

    Attributes:
        seconds: Of each picture.
        gmacs: Multiplications and additions of the first picture, in :math:`10^9`.
    """

    def __init__(self, colorizer: Colorizer, block: Block, device: str = "cpu") -> None:
        self.colorizer = colorizer.to(device)
        self.block: Block = block
        self.device = device
        self.seconds: list[float] = []
        self.gmacs: float | None = None

    def __call__(self, batch: Batch) -> Tensor:
        """Return the batch in colour, in [0, 1], on the CPU."""
        return cat([self._paint(one) for one in singles(told(batch, self.block, self.colorizer))])

    @property
    def seconds_per_picture(self) -> float:
        """The median; the first picture, in which much is done once, counts if it is the only."""
        return median(self.seconds[1:] or self.seconds)

    def _paint(self, one: Batch) -> Tensor:
        moved = move(one, self.device)
        index = int(one["index"][0])

        def work() -> Tensor:
            generator = None
            if self.colorizer.stochastic:
                generator = torch.Generator(self.device).manual_seed(SEED + index)
            with exact(self.colorizer):
                return colorize_batch(self.colorizer, moved, generator).float().clamp(0, 1).cpu()

        return self._timed(work)

    def _timed(self, work: Callable[[], Tensor]) -> Tensor:
        found: list[Tensor] = []
        start = time.perf_counter()
        if self.seconds:
            found.append(work())
        else:  # Counted once, beside the first picture: that one is not in the median.
            self.gmacs = giga_macs(lambda: found.append(work()))
        self.seconds.append(time.perf_counter() - start)
        return found[0]


def singles(batch: Batch) -> list[Batch]:
    """Return a batch as batches of one picture.

    Example:
        >>> batch = {"content": torch.rand(2, 3, 8, 8), "name": ["a", "b"]}
        >>> [one["name"] for one in singles(batch)]
        [['a'], ['b']]
    """
    return [
        cast(Batch, {key: value[i : i + 1] for key, value in batch.items()})  # type: ignore[index]
        for i in range(len(batch["name"]))
    ]
