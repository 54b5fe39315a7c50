r"""The larger flow of a conditional INN that colours, for photographs of 256x256."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from torch import nn

from flowcolor.arguments import check_count, check_counts, plain_numbers
from flowcolor.layers import (
    Chain,
    HaarDownsample,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    Partial,
    Squeeze,
)
from flowcolor.models.cinn_blocks import convolution, coupling_pair
from flowcolor.models.cinn_flow import REBALANCE
from flowcolor.models.cinn_sizes import check_cinn_parameters

_CLAMP = 1.5


@plain_numbers
def large_cinn_flow(
    channels: int, blocks: Sequence[int], widths: Sequence[int], features: int, coarse: int
) -> Chain:
    """Build four levels of convolutional blocks and one of fully connected ones.

    Each block ends in a fixed rotation of channels. After each halving of resolution stand two
    blocks without condition that see single pixels. Channels leave after the third halving, the
    fourth and the last, before the conditional blocks of that resolution; every level ends in
    un-squeezing, so the latent has the shape of the data.

    Args:
        channels: Of the data.
        blocks: Of each of the five levels.
        widths: Channels inside of the networks of each level.
        features: As :class:`~flowcolor.models.LargeConditionNet` was told.
        coarse: In the same way.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), section 4.2 and appendix. https://arxiv.org/abs/1907.02392
    """
    check_count(large_cinn_flow, channels=channels, features=features, coarse=coarse)
    check_counts(large_cinn_flow, 5, blocks=blocks, widths=widths)
    check_cinn_parameters(
        large_cinn_flow,
        blocks=blocks,
        features=features,
        coarse=coarse,
        channels=channels,
        widths=widths,
    )
    c = channels
    sizes = [c, 4 * c, 8 * c, 16 * c, 16 * c * coarse**2]
    networks: list[Callable[[int, int], nn.Module]]
    networks = [partial(_network, width=width) for width in widths[:4]]
    networks.append(partial(_connected_network, width=widths[4]))
    seen = [*widths[:4], 8 * features]
    finest, half, quarter, eighth, last = (
        _blocks(count, size, condition, network)
        for count, size, condition, network in zip(blocks, sizes, seen, networks, strict=True)
    )
    alone = [
        _blocks(2, size, 0, partial(_pixel_network, width=width))
        for size, width in ((4 * c, widths[1]), (16 * c, widths[2]), (32 * c, widths[3]))
    ]
    alone.append(_blocks(2, 64 * c, 0, partial(_pixel_network, width=widths[3])))
    unsqueeze = Inverted(Squeeze())
    connected = Chain([Squeeze(coarse), *last, Inverted(Squeeze(coarse))])
    sixteenth = [HaarDownsample(16 * c, REBALANCE), *alone[3], Partial(connected, 48 * c)]
    inner = Chain([*eighth, *sixteenth, unsqueeze])
    inner = Chain([*quarter, Squeeze(), *alone[2], Partial(inner, 16 * c), Inverted(Squeeze())])
    middle = [Squeeze(), *alone[1], Partial(inner, 8 * c), Inverted(Squeeze())]
    return Chain([*finest, Squeeze(), *alone[0], *half, *middle, Inverted(Squeeze())])


def _blocks(
    count: int, size: int, condition: int, network: Callable[[int, int], nn.Module]
) -> list[InvertibleLayer]:
    layers: list[InvertibleLayer] = []
    for _ in range(count):
        layers += coupling_pair(size, condition, network, _CLAMP)
        # A rotation of thousands of numbers would be larger than the networks.
        layers.append(
            InvertibleConv1x1(size, "permutation")
            if size > 256
            else InvertibleConv1x1(size, "full", learn=False)
        )
    return layers


def _network(channels: int, out_channels: int, width: int) -> nn.Sequential:
    return _layers([channels, width, width, out_channels], kernel=3, slope=0.05)


def _connected_network(channels: int, out_channels: int, width: int) -> nn.Sequential:
    return _layers([channels, width, width, width, out_channels], kernel=1, slope=0.05)


def _pixel_network(channels: int, out_channels: int, width: int) -> nn.Sequential:
    return _layers([channels, width, width, out_channels], kernel=1, slope=0.01)


def _layers(sizes: Sequence[int], kernel: int, slope: float) -> nn.Sequential:
    stages: list[nn.Module] = []
    for size, out in pairwise(sizes):
        conv = convolution(size, out, kernel)
        nn.init.normal_(conv.weight, std=0.03)
        nn.init.normal_(conv.bias, std=0.03)  # type: ignore[arg-type]
        stages += [conv, nn.LeakyReLU(slope, inplace=True)]
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return nn.Sequential(*stages[:-1])
