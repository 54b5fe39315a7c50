"""Statistics of the channels of a batch that is spread over processes."""

import torch
from jaxtyping import Float
from torch import Tensor, distributed

from flowcolor.layers.base import Features, to_float64


def pooled_mean_and_std(
    x: Features,
) -> tuple[Float[Tensor, " channels"], Float[Tensor, " channels"]]:
    """Return mean and standard deviation of each channel over all processes of the default group.

    In float64: the float32 mean of a constant channel is not quite that constant, and the little
    that is left would pass for a deviation.
    """
    samples = to_float64(x).transpose(0, 1).flatten(1)
    mean = _pooled_mean(samples)
    return mean, _pooled_mean((samples - mean[:, None]).square()).sqrt()


def _pooled_mean(samples: Float[Tensor, "channels samples"]) -> Float[Tensor, " channels"]:
    total = torch.cat([samples.sum(1), samples.new_tensor([samples.shape[1]])])
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(total)  # Counts are summed too, so batches may differ in size.
    return total[:-1] / total[-1]
