r"""The parts of RevGAN: from images to features, a core that can be run backwards, and back."""

from torch import nn

from flowcolor.layers import AffineCoupling, Chain, InvertibleLayer
from flowcolor.layers.chain import Memory


def revgan_encoder(width: int) -> nn.Sequential:
    """Build the way from images to features: ``4 width`` channels at a quarter of the size."""
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        *_normed(nn.Conv2d(3, width, 7)),
        *_normed(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)),
        *_normed(nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1)),
    )


def revgan_decoder(width: int) -> nn.Sequential:
    """Build the way from features to images with values in [-1, 1]."""
    return nn.Sequential(
        *_normed(nn.ConvTranspose2d(4 * width, 2 * width, 3, 2, padding=1, output_padding=1)),
        *_normed(nn.ConvTranspose2d(2 * width, width, 3, 2, padding=1, output_padding=1)),
        nn.ReflectionPad2d(3),
        nn.Conv2d(width, 3, 7),
        nn.Tanh(),
    )


def revgan_core(channels: int, blocks: int, norm_eps: float, memory: Memory) -> Chain:
    r"""Build blocks of two streams, each of which shifts the other.

    .. math:: y_1 = x_1 + F(x_2), \qquad y_2 = x_2 + G(y_1)

    Args:
        channels: Of both streams together, an even number.
        blocks: How many.
        norm_eps: Added to the variance in the networks :math:`F` and :math:`G`.
        memory: See :class:`~flowcolor.layers.Chain`.

    Reference:
        Gomez et al., "The reversible residual network" (2017), equation 6.
        https://arxiv.org/abs/1707.04585
    """
    layers: list[InvertibleLayer] = []
    for _ in range(blocks):
        first, second = (_branch(channels // 2, norm_eps) for _ in range(2))
        layers += [
            AffineCoupling(first, scale="none", steer="second"),
            AffineCoupling(second, scale="none", steer="first"),
        ]
    return Chain(layers, memory)


def _normed(conv: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    # Without running statistics, which would make results of training and of use differ.
    return [conv, nn.InstanceNorm2d(conv.out_channels), nn.ReLU(inplace=True)]


def _branch(channels: int, norm_eps: float) -> nn.Sequential:
    return nn.Sequential(
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, channels, 3),
        nn.InstanceNorm2d(channels, eps=norm_eps),
        nn.ReLU(inplace=True),
        nn.ReflectionPad2d(1),
        nn.Conv2d(channels, channels, 3),
        nn.InstanceNorm2d(channels, eps=norm_eps),
    )
