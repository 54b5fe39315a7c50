"""Colour pairs one by one: with a sample of their own, and a clock beside it."""

import time
from statistics import median

import torch
from torch import Tensor, cat

from flowcolor.data.batch import Batch, singles
from flowcolor.evaluation.operations import count_operations
from flowcolor.evaluation.probes import probe_scores
from flowcolor.evaluation.result_folders import move
from flowcolor.experiments.comparison.blocks import Block, told
from flowcolor.experiments.comparison.costs import parameters
from flowcolor.models import Colorizer
from flowcolor.models.round_trip import exact
from flowcolor.training.objectives.base import colorize_batch
from flowcolor.training.samples import sample_seed

PATIENCE = 5.0  # Seconds a picture.


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
        gmacs: Multiply-accumulates of the first picture in billions; None of methods without a
            network, whose work is not in what is counted.
    """

    def __init__(self, colorizer: Colorizer, block: Block, device: str = "cpu") -> None:
        self.colorizer = colorizer.to(device)
        self.block: Block = block
        self.device = device
        self.seconds: list[float] = []
        self.gmacs: float | None = None

    def __call__(self, batch: Batch) -> Tensor:
        """Return the batch in colour, not clamped, on the CPU."""
        return cat([self._timed(one) for one in singles(batch)])

    @property
    def seconds_per_picture(self) -> float:
        """The median; the first picture, in which much is done once, counts if it is the only."""
        return median(self.seconds[1:] or self.seconds)

    def probe(self, batch: Batch, result: Tensor, pairs: int) -> dict[str, Tensor]:
        """Ask whether the method listens to its reference, and to chance.

        Not of methods that take long: it paints every pair up to five times more.

        Args:
            batch: Of the cross setting, or of methods without a reference.
            result: The batch in colour.
            pairs: Of how many pairs at most.
        """
        if self.seconds_per_picture > PATIENCE:
            return {}

        def again(part: Batch, generator: torch.Generator | None) -> Tensor:
            seed = None if generator is None else generator.initial_seed()
            return cat([self._paint(one, seed) for one in singles(part)])

        return probe_scores(
            again,
            batch,
            result,
            pairs,
            reference=self.block == "exemplar",
            chance=self.colorizer.stochastic,
        )

    def _paint(self, one: Batch, seed: int | None) -> Tensor:
        moved = move(told(one, self.block, self.colorizer), self.device)
        generator = None if seed is None else torch.Generator(self.device).manual_seed(seed)
        with exact(self.colorizer):
            return colorize_batch(self.colorizer, moved, generator).float().cpu()

    def _timed(self, one: Batch) -> Tensor:
        seed = sample_seed(one) if self.colorizer.stochastic else None
        found: list[Tensor] = []
        start = time.perf_counter()
        if self.seconds:
            found.append(self._paint(one, seed))
        else:  # Counted once, beside the first picture: that one is not in the median.
            counted = count_operations(lambda: found.append(self._paint(one, seed)))
            if parameters(self.colorizer) or self.colorizer.pretrained:
                self.gmacs = counted["all"]
        self.seconds.append(time.perf_counter() - start)
        return found[0]
