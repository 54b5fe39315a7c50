"""What conditional INNs are made of: a pair of couplings, each half changed by the other."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from flowcolor.layers import AffineCoupling, ConditionalAffineCoupling, InvertibleLayer
from flowcolor.layers.functional.affine import Half


def coupling_pair(
    channels: int, condition: int, network: Callable[[int, int], nn.Module], clamp: float
) -> list[InvertibleLayer]:
    """Build two couplings: the second half changes the first, and then the other way round.

    Args:
        channels: Of the data.
        condition: Channels of the condition, 0 for none.
        network: Builds a network of so many channels and results.
        clamp: Bound of the logarithm of scales, see :class:`~flowcolor.layers.AffineCoupling`.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), section 3.1. https://arxiv.org/abs/1907.02392
    """
    first, second = (channels + 1) // 2, channels // 2
    halves: tuple[tuple[int, int, Half], ...]
    halves = (second, first, "second"), (first, second, "first")
    layers: list[InvertibleLayer] = []
    for steering, changed, steer in halves:
        net = network(steering + condition, 2 * changed)
        if condition:
            layers.append(
                ConditionalAffineCoupling(net, _Stack(), scale="atan", steer=steer, clamp=clamp)
            )
        else:
            layers.append(AffineCoupling(net, scale="atan", steer=steer, clamp=clamp))
    return layers


def convolution(channels: int, out_channels: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """Build a convolution with as much padding as keeps the size."""
    return nn.Conv2d(channels, out_channels, kernel, stride, padding=kernel // 2)


class _Stack(nn.Module):
    takes_any_layout = True  # See `flowcolor.layers.functional.layout`.

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        return torch.cat([x, condition.to(x.dtype)], 1)
