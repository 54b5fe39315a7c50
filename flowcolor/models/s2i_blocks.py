"""Blocks of the networks of self-supervised sketch-to-image."""

import torch
from torch import Tensor, nn
from torch.nn.functional import glu, interpolate

from flowcolor.models.spectral import spectral_norm


class SqueezeExcite(nn.Module):
    r"""Scale each channel by what all of them are on average: :math:`x \odot g(\bar x)`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // 16)
        self.gate = nn.Sequential(
            nn.Linear(channels, hidden, bias=False),
            nn.ReLU(),
            nn.Linear(hidden, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the scaled channels."""
        gates: Tensor = self.gate(x.mean((2, 3)))
        return x * gates[:, :, None, None]


class EncoderBlock(nn.Module):
    """Two 3x3 convolutions beside a skip, each after normalisation and Swish."""

    def __init__(self, channels: int, *, unit_gains: bool = False) -> None:
        super().__init__()
        self.body = nn.Sequential(
            norm(channels, unit_gains),
            nn.SiLU(),
            conv(channels, channels, 3, padding=1),
            norm(channels, unit_gains),
            nn.SiLU(),
            conv(channels, channels, 3, padding=1),
            SqueezeExcite(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return as many channels of the same size."""
        changed: Tensor = self.body(x)
        return x + changed


class DecoderBlock(nn.Module):
    """Four times as many channels, each convolved alone with 5x5 weights, beside a skip."""

    def __init__(self, channels: int, *, unit_gains: bool = False) -> None:
        super().__init__()
        wide = 4 * channels
        self.body = nn.Sequential(
            norm(channels, unit_gains),
            conv(channels, wide, 1),
            norm(wide, unit_gains),
            nn.SiLU(),
            spectral_norm(nn.Conv2d(wide, wide, 5, padding=2, groups=wide)),
            norm(wide, unit_gains),
            nn.SiLU(),
            conv(wide, channels, 1),
            norm(channels, unit_gains),
            SqueezeExcite(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return as many channels of the same size."""
        changed: Tensor = self.body(x)
        return x + changed


class Noise(nn.Module):
    """Add noise in training, of a learned strength that begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return noisy channels in training, and the same channels otherwise."""
        if not self.training:
            return x
        return x + self.strength * torch.randn_like(x[:, :1])


def twice(x: Tensor) -> Tensor:
    """Return an image of twice the height and width, each pixel four times."""
    return interpolate(x, scale_factor=2.0, mode="nearest")


class Grow(nn.Module):
    """Twice the size, a 3x3 convolution, a normalisation, and half of the channels as gates.

    Args:
        channels: Of the input.
        out: Of the output.
        refines: Whether convolution and normalisation are those of the refiner, which has noise.
    """

    def __init__(self, channels: int, out: int, *, refines: bool = False) -> None:
        super().__init__()
        plain = nn.Conv2d(channels, 2 * out, 3, padding=1, bias=False)
        self.conv = spectral_norm(plain) if refines else plain
        self.norm = nn.BatchNorm2d(2 * out) if refines else nn.InstanceNorm2d(2 * out)
        self.noise = Noise() if refines else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``out`` channels of twice the height and width."""
        return glu(self.noise(self.norm(self.conv(twice(x)))), 1)


def conv(channels: int, out: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Module:
    """Return a convolution of spectral norm 1 without a bias."""
    return spectral_norm(nn.Conv2d(channels, out, kernel, stride, padding, bias=False))


def norm(channels: int, unit_gains: bool) -> nn.Module:
    """Return a batch normalisation, whose vector of gains may be kept at length 1."""
    plain = nn.BatchNorm2d(channels)
    return spectral_norm(plain) if unit_gains else plain


def gates(channels: int, out: int) -> nn.Sequential:
    """Return a perceptron from a style vector to factors between 0 and 1."""
    return nn.Sequential(nn.Linear(channels, out), nn.ReLU(), nn.Linear(out, out), nn.Sigmoid())


def gated(x: Tensor, perceptron: nn.Module, style: Tensor) -> Tensor:
    """Return channels times the factors of a style."""
    factors: Tensor = perceptron(style)
    return x * factors[:, :, None, None]
