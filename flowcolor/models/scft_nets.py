r"""The parts of SCFT beside its attention: two encoders, residual blocks, a decoder."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Norm = Literal["batch", "instance"]


class ScftEncoder(nn.Module):
    r"""Two 3x3 convolutions for each level, of which all results are kept.

    Args:
        channels: Of its input.
        widths: Channels of each level, the finest first; each has half the sides of the one before.
        norm: What follows each convolution.

    Shape:
        - input: :math:`(B, C, H, W)`.
        - output: two maps :math:`(B, C_i, H / 2^i, W / 2^i)` for each level :math:`i`, from 0.
    """

    def __init__(self, channels: int, widths: list[int], norm: Norm) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        for level, (before, after) in enumerate(pairwise([channels, *widths])):
            self.stages.append(_stage(before, after, norm, stride=2 if level else 1))
            self.stages.append(_stage(after, after, norm))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the maps of all stages."""
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


def pooled_maps(maps: list[Tensor]) -> Tensor:
    """Return all maps side by side at the size of the last one, as means over areas."""
    size = maps[-1].shape[2], maps[-1].shape[3]
    return torch.cat([functional.adaptive_avg_pool2d(x, size) for x in maps], 1)


class ScftResidual(nn.Module):
    """Add to the input what two normalised convolutions make of it."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(channels, channels),
            _norm(channels, norm),
            nn.ReLU(),
            _conv(channels, channels),
            _norm(channels, norm),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return an image of features of the same shape."""
        y: Tensor = x + self.body(x)
        return y


class ScftDecoder(nn.Module):
    r"""From the coarsest features to an image, by way of the maps of the drawing's encoder.

    Args:
        channels: Of its input.
        widths: As of the encoder.
        norm: As of the encoder.

    Shape:
        - input: :math:`(B, C, H, W)` of the size of the last map.
        - output: :math:`(B, 3, 2^n H, 2^n W)` in [-1, 1], for :math:`n` halvings.
    """

    def __init__(self, channels: int, widths: list[int], norm: Norm) -> None:
        super().__init__()
        self.first = _stage(channels, widths[-1], norm)
        seen = [width for width in widths for _ in range(2)][:-1]
        before = [widths[-1], *reversed(seen)]
        self.stages = nn.ModuleList(_stage(wide + own, own, norm) for wide, own in pairwise(before))
        self.last = nn.Conv2d(widths[0], 3, 3, padding=1)

    def forward(self, x: Tensor, maps: list[Tensor]) -> Tensor:
        """Return the image; of the maps all but the last are looked at."""
        x = self.first(x)
        for stage, seen in zip(self.stages, reversed(maps[:-1]), strict=True):
            if x.shape[2:] != seen.shape[2:]:
                x = functional.interpolate(x, seen.shape[2:], mode="bilinear")
            x = stage(torch.cat([x, seen], 1))
        image: Tensor = self.last(x).tanh()
        return image


def _stage(before: int, after: int, norm: Norm, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(before, after, stride), _norm(after, norm), nn.LeakyReLU(0.2))


def _conv(before: int, after: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride, padding=1, bias=False)


def _norm(channels: int, norm: Norm) -> nn.Module:
    if norm == "batch":
        return nn.BatchNorm2d(channels)
    return nn.InstanceNorm2d(channels, affine=True)
