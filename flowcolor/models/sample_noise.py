"""Noise of which each picture of a batch has a stream of its own."""

import torch
from torch import Tensor

_ANY = 2**62


class SampleNoise:
    """Draw normal noise that does not depend on who else is in the batch.

    Each sample has a generator of its own, on the CPU, so that every device draws the same. The
    seeds come from ``generator``; without one all samples have the same seed, always.

    Args:
        like: What the noise is for, of shape (B, ...); it has its type and device.
        generator: Where seeds are drawn, one after another.

    Example:
        >>> images = torch.zeros(2, 3, 4, 4)
        >>> first = SampleNoise(images, torch.Generator().manual_seed(1))()[0]
        >>> alone = SampleNoise(images[:1], torch.Generator().manual_seed(1))()[0]
        >>> first.equal(alone)
        True
    """

    def __init__(self, like: Tensor, generator: torch.Generator | None = None) -> None:
        seeds = [0] * len(like)
        if generator is not None:
            drawn = torch.randint(_ANY, (len(like),), generator=generator, device=generator.device)
            seeds = drawn.tolist()
        self.like = like
        self.streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self) -> Tensor:
        """Return noise of the shape of ``like``."""
        shape = self.like.shape[1:]
        # In float32 whatever the type: else the same seed would draw another picture in float64.
        drawn = [torch.randn(shape, generator=s, dtype=torch.float32) for s in self.streams]
        return torch.stack(drawn).to(self.like)
