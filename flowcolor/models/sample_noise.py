"""Chance of which each picture of a batch has a stream of its own."""

import torch
from torch import Tensor
from torch.compiler import is_exporting

from flowcolor.arguments import check_generator
from flowcolor.layers.reversible.torch_private import in_transform

_ANY = 2**62


def sample_streams(count: int, generator: torch.Generator | None = None) -> list[torch.Generator]:
    """Return a generator for each sample, on the CPU, so that every device draws the same.

    Args:
        count: How many samples there are.
        generator: Where seeds are drawn, one after another, so that a sample's does not depend on
            how many follow. ``None``: all samples have the same seed, always.

    Raises:
        ValueError: ``torch.func.vmap`` asks for other seeds than the generator's, or a program is
            exported, whose operators cannot draw them.
    """
    if is_exporting():
        raise ValueError(
            "An exported program expects a call without chance, of which each picture has a stream "
            "of its own, got one that draws some."
        )
    seeds = [0] * count
    if generator is not None:
        drawn = torch.randint(_ANY, (count,), generator=generator, device=generator.device)
        try:
            seeds = drawn.tolist()
        except RuntimeError as error:
            if not in_transform():
                raise
            raise ValueError(
                "A generator gives each picture a stream of its own, which expects vmap with "
                "randomness='same', got 'different'."
            ) from error
    return [torch.Generator().manual_seed(seed) for seed in seeds]


class SampleNoise:
    """Draw normal noise that does not depend on who else is in the batch.

    Each sample has a stream of its own, see :func:`sample_streams`.

    Args:
        like: What the noise is for, of shape (B, ...); it has its type and device.
        generator: Where the seeds of the streams are drawn; ``torch.default_generator`` where
            ``None`` stands for torch's own chance.

    Example:
        >>> images = torch.zeros(2, 3, 4, 4)
        >>> first = SampleNoise(images, torch.Generator().manual_seed(1))()[0]
        >>> alone = SampleNoise(images[:1], torch.Generator().manual_seed(1))()[0]
        >>> first.equal(alone)
        True
    """

    def __init__(self, like: Tensor, generator: torch.Generator | None = None) -> None:
        check_generator(self, generator)
        self.like = like
        self.streams = sample_streams(len(like), generator)

    def __call__(self) -> Tensor:
        """Return noise of the shape of ``like``."""
        shape = self.like.shape[1:]
        # In float32 whatever the type: else the same seed would draw another picture in float64.
        # On the CPU, where the streams are, whatever torch's default device.
        drawn = [
            torch.randn(shape, generator=s, dtype=torch.float32, device="cpu") for s in self.streams
        ]
        return torch.stack(drawn).to(self.like)
