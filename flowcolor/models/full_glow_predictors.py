r"""The numbers of Full-Glow's conditional layers, seen in what the drawing's flow knows."""

import torch
from torch import Tensor, nn

from flowcolor.layers import ConditionalActNorm, ConditionalConv1x1
from flowcolor.layers.functional.matrices import random_rotation

_BOUND = 2.0  # Of the logarithms of a matrix's diagonal: nothing else keeps it from running away.


class Predictor(nn.Module):
    r"""A small network from an image of features to numbers, which starts at constants.

    Three convolutions to 8, 4 and 2 channels, a mean over ``pool`` times ``pool`` areas, and linear
    layers of 32, 64 and 48 numbers, all with ReLU; then a linear layer of zero weights.

    Args:
        channels: Channels of the features.
        count: How many numbers.
        pool: Areas to each side; any size of the features is good then, and convolutions pad.
            ``None``: every pixel counts, at the size ``side`` alone, as published.
        side: Height and width of the features, of ``pool=None``.

    Shape:
        - ``features``: :math:`(B, C, H, W)`, to :math:`(B, \mathrm{count})`.

    Reference:
        Sorkhei et al., "Full-Glow" (2021), section 3, and the code released with it.
        https://arxiv.org/abs/2012.05846
    """

    def __init__(self, channels: int, count: int, pool: int | None, side: int) -> None:
        super().__init__()
        padding = 0 if pool is None else 1
        area = nn.Identity() if pool is None else nn.AdaptiveAvgPool2d(int(pool))
        self.body = nn.Sequential(
            nn.Conv2d(channels, 8, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(8, 4, kernel_size=3, padding=padding),
            nn.ReLU(),
            nn.Conv2d(4, 2, kernel_size=3, padding=padding),
            nn.ReLU(),
            area,
            nn.Flatten(),
            nn.Linear(2 * (side - 4 if pool is None else pool) ** 2, 32),
            nn.ReLU(),
            nn.Linear(32, 64),
            nn.ReLU(),
            nn.Linear(64, 48),
            nn.ReLU(),
        )
        self.last = nn.Linear(48, count)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Return the numbers."""
        numbers: Tensor = self.last(self.body(features))
        return numbers


class _TriangularNumbers(nn.Module):
    r"""What :class:`~flowcolor.layers.ConditionalConv1x1` takes, from predicted L, U and log s.

    As published, whole matrices are predicted, of which a triangle each counts. The logarithms
    differ by at most 2 from those of the rotation at the start.
    """

    log_diagonal: Tensor

    def __init__(self, predictor: Predictor, lower: Tensor, upper: Tensor) -> None:
        super().__init__()
        self.size = len(lower)
        self.predictor = predictor
        with torch.no_grad():
            bias = torch.cat([lower.flatten(), upper.flatten(), lower.new_zeros(self.size)])
            predictor.last.bias.copy_(bias)
        diagonal = upper.diagonal().abs().log()
        self.register_buffer("log_diagonal", diagonal.to(torch.get_default_dtype()))

    def forward(self, features: Tensor) -> Tensor:
        """Return the logarithms, then what is beside the diagonal, row by row."""
        size = self.size
        lower, upper, change = self.predictor(features).split([size**2, size**2, size], dim=1)
        matrix = lower.view(-1, size, size).tril(-1) + upper.view(-1, size, size).triu(1)
        # In rows that are longer by one, the diagonal of what follows the first is the last column.
        rows = matrix.flatten(1)[:, 1:].reshape(-1, size - 1, size + 1)
        log_diagonal = self.log_diagonal + _BOUND * (change / _BOUND).tanh()
        return torch.cat([log_diagonal, rows[:, :, :-1].flatten(1)], 1)


def predicted_actnorm(channels: int, pool: int | None, side: int) -> ConditionalActNorm:
    """Return an ActNorm of which everything is predicted; it starts as the identity."""
    return ConditionalActNorm(channels, Predictor(channels, 2 * channels, pool, side))


def predicted_conv1x1(channels: int, pool: int | None, side: int) -> ConditionalConv1x1:
    """Return a 1x1 convolution of which everything is predicted; it starts as a random rotation."""
    permutation, lower, upper = torch.linalg.lu(random_rotation(channels))
    predictor = Predictor(channels, 2 * channels**2 + channels, pool, side)
    layer = ConditionalConv1x1(channels, _TriangularNumbers(predictor, lower, upper))
    layer.base.copy_(permutation)  # That of these factors, not of the layer's own rotation.
    layer.sign.copy_(upper.diagonal().sign())
    return layer
