"""Stages of convolutions in which two networks for grey photographs agree."""

from math import gcd

from torch import nn


def stage(
    before: int, after: int, convolutions: int = 2, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    """Build 3x3 convolutions with ReLU, then a normalisation, as :func:`normed` explains it.

    Args:
        before: Channels of the input.
        after: Channels of all that follows.
        convolutions: How many.
        stride: Of the last one.
        dilation: Of all.
    """
    layers: list[nn.Module] = []
    for i in range(convolutions):
        last = i == convolutions - 1
        step = stride if last else 1
        conv = nn.Conv2d(after if i else before, after, 3, step, dilation, dilation)
        layers += [conv, nn.ReLU()]
    return nn.Sequential(*layers, normed(after))


def middle(width: int) -> nn.Sequential:
    """Build the four stages at an eighth of the size, from 4 to 8 times ``width`` channels."""
    wide = 8 * width
    return nn.Sequential(
        stage(4 * width, wide, 3),
        stage(wide, wide, 3, dilation=2),
        stage(wide, wide, 3, dilation=2),
        stage(wide, wide, 3),
    )


def normed(channels: int) -> nn.GroupNorm:
    """Build a normalisation of groups of 16 channels of one image.

    The published networks normalise batches: then training sees a picture's neighbours, and use
    sees statistics of other pictures. Single channels would lose how much of a colour there is.
    """
    return nn.GroupNorm(gcd(channels, max(1, channels // 16)), channels)
