"""Matrices for the channels of pixels, in the layout in which the pixels lie."""

import math

import torch
from torch import Tensor
from torch.nn.functional import linear

from flowcolor.layers.functional.layout import has_channels_last


def mix(weight: Tensor, x: Tensor) -> Tensor:
    """Multiply the channels of every pixel by ``weight``: one matrix, or one for each image."""
    if weight.ndim == 2 and has_channels_last(x):
        return linear(x.movedim(1, -1), weight.to(x.dtype)).movedim(-1, 1)
    # Batched: for one matrix and many, `matmul` copies the pixels into another order first.
    # `shape`, not `len`: exported programs would take this batch for every batch.
    weights = weight.to(x.dtype).expand(x.shape[0], -1, -1)
    return torch.bmm(weights, columns(x)).view_as(x)


def mix_then_shift(weight: Tensor, x: Tensor, shift: Tensor) -> Tensor:
    """Multiply as :func:`mix` does by one matrix and add ``shift`` to every pixel, in one pass."""
    if has_channels_last(x):
        return linear(x.movedim(1, -1), weight, shift).movedim(-1, 1)
    weights = weight.expand(x.shape[0], -1, -1)
    return torch.baddbmm(shift[:, None], weights, columns(x)).view_as(x)


def correlate(x: Tensor, y: Tensor) -> Tensor:
    """Sum over images and pixels of the outer products of two pixels' channels."""
    if has_channels_last(x) and has_channels_last(y):
        return x.movedim(1, -1).flatten(0, -2).mT @ y.movedim(1, -1).flatten(0, -2)
    return torch.bmm(columns(x), columns(y).mT).sum(0)


def columns(x: Tensor) -> Tensor:
    """Return the pixels of each image as the columns of a matrix."""
    # Counted: from an empty batch the number of pixels cannot be told.
    return x.reshape(x.shape[0], x.shape[1], count_pixels(x))


def count_pixels(x: Tensor) -> int:
    """Return how many pixels an image of the batch has."""
    # Not by the shape's own `numel`: exported programs would take these sides for every side.
    return math.prod(x.shape[2:])
