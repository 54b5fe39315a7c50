"""One sample of each picture, by a seed of its own: what stands beside it changes nothing."""

import torch
from torch import Tensor, cat

from flowcolor.data.batch import Batch, singles
from flowcolor.models import Colorizer
from flowcolor.training.objectives.base import colorize_batch

SEED = 0  # Of what random methods draw for each picture: one sample, never the best of several.


def sample_seed(one: Batch) -> int:
    """Return the seed of the sample of a batch's first picture, by its index."""
    return SEED + int(one["index"][0])


def colorize_samples(colorizer: Colorizer, batch: Batch) -> Tensor:
    """Colour a batch; of a method that draws by chance, picture by picture. Not clamped."""
    if not colorizer.stochastic:
        return colorize_batch(colorizer, batch)
    generator = torch.Generator(batch["content"].device)
    return cat(
        [
            colorize_batch(colorizer, one, generator.manual_seed(sample_seed(one)))
            for one in singles(batch)
        ]
    )
