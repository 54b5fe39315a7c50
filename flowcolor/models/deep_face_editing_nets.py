r"""The networks of DeepFaceEditing: a drawing to features, a photograph to a style, and back."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

RESIDUALS = 4  # Blocks of each generator.


def geometry_encoder(width: int, downsamplings: int, residuals: int = 1) -> nn.Sequential:
    """Build the way from an image to features, of twice the channels at each halving.

    Args:
        width: Channels at full size.
        downsamplings: How often sides are halved.
        residuals: Residual blocks; the encoder of photographs that the paper has, too, has 6.
    """
    return nn.Sequential(
        *_first(3, width),
        *_down(width, downsamplings),
        *(Residual(width * 2**downsamplings) for _ in range(residuals)),
    )


def style_encoder(width: int, downsamplings: int, channels: list[int]) -> nn.Sequential:
    """Build the way from a photograph to the bias and the weight of each normalised channel.

    Args:
        width: Channels at full size; they double twice.
        downsamplings: How often sides are halved.
        channels: Of each normalisation.
    """
    widths = [width * 2 ** min(i, 2) for i in range(downsamplings + 1)]
    stages: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.ReLU()]
    for before, after in pairwise(widths):
        stages += [nn.Conv2d(before, after, 4, 2, padding=1), nn.ReLU()]
    last = nn.Conv2d(widths[-1], 2 * sum(channels), 1)
    with torch.no_grad():  # Weights that begin near 0 would keep pictures grey for long.
        if last.bias is not None:
            parts = [torch.arange(2 * count) // count for count in channels]
            last.bias.copy_(torch.cat(parts))
    return nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), last, nn.Flatten())


def global_generator(width: int, downsamplings: int) -> nn.Sequential:
    """Build the way from the features of all parts to the image, in [-1, 1]."""
    wide = width * 2**downsamplings
    stages: list[nn.Module] = [*_first(width, width), *_down(width, downsamplings)]
    stages += [Residual(wide) for _ in range(RESIDUALS)]
    for before, after in pairwise(_widths(width, downsamplings)[::-1]):
        stages += [_up(before, after), nn.InstanceNorm2d(after, affine=True), nn.ReLU()]
    return nn.Sequential(*stages, *_last(width))


class PartGenerator(nn.Module):
    r"""Turn features of a drawing and a style into features at full size.

    Residual blocks, then transposed convolutions of stride 2, all of whose results are normalised
    with the style's weight and bias, see :func:`adain`. ``head`` makes a picture of the features.

    Args:
        width: Channels at full size.
        downsamplings: How often sides are doubled.

    Attributes:
        channels: Of each normalisation, in the order in which the style has them.

    Shape:
        - ``x``: :math:`(B, 2^n C, H, W)`; ``style``: :math:`(B, 2 \sum_i C_i)`, of each
          normalisation the biases and then the weights.
        - result: :math:`(B, C, 2^n H, 2^n W)`.
    """

    def __init__(self, width: int, downsamplings: int) -> None:
        super().__init__()
        widths = _widths(width, downsamplings)[::-1]
        self.blocks = nn.ModuleList(
            nn.Conv2d(widths[0], widths[0], 3) for _ in range(2 * RESIDUALS)
        )
        self.ups = nn.ModuleList(_up(before, after) for before, after in pairwise(widths))
        self.head = nn.Sequential(*_last(width))
        self.channels = [widths[0]] * len(self.blocks) + widths[1:]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the features."""
        sizes = [count for count in self.channels for _ in range(2)]
        parts = iter(style[:, :, None, None].split(sizes, 1))
        convs = iter(self.blocks)
        for first, second in zip(convs, convs, strict=True):
            y = adain(first(_framed(x)), next(parts), next(parts)).relu()
            x = x + adain(second(_framed(y)), next(parts), next(parts))
        for up in self.ups:
            x = adain(up(x), next(parts), next(parts)).relu()
        return x


def adain(x: Tensor, bias: Tensor, weight: Tensor) -> Tensor:
    """Normalise each channel of each image; then times the weight, plus the bias."""
    return functional.instance_norm(x) * weight + bias


class Residual(nn.Module):
    """Add to the input what two normalised convolutions make of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_normed(nn.Conv2d(channels, channels, 3)),
            nn.ReflectionPad2d(1),
            *_normed(nn.Conv2d(channels, channels, 3))[:2],
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        y: Tensor = x + self.body(x)
        return y


def _framed(x: Tensor) -> Tensor:
    return functional.pad(x, (1, 1, 1, 1), mode="reflect")


def _widths(width: int, downsamplings: int) -> list[int]:
    return [width * 2**level for level in range(downsamplings + 1)]


def _normed(conv: nn.Conv2d) -> list[nn.Module]:
    return [conv, nn.InstanceNorm2d(conv.out_channels, affine=True), nn.ReLU()]


def _first(channels: int, width: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(channels, width, 7))]


def _down(width: int, downsamplings: int) -> list[nn.Module]:
    stages: list[nn.Module] = []
    for before, after in pairwise(_widths(width, downsamplings)):
        stages += _normed(nn.Conv2d(before, after, 3, 2, padding=1))
    return stages


def _up(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, 3, 2, padding=1, output_padding=1)


def _last(width: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
