r"""ActNorm and the 1x1 convolution after it, undone in one pass over the data.

Alone they undo :math:`y = W\,(e^s \odot (x - \mu))` in three passes. Together they are one affine
map of each pixel, :math:`x = (e^{-s} \odot W^{-1})\, y + \mu`. Data towards latent is not folded:
:math:`x - \mu` first is what keeps the digits of a channel that hardly varies.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

from flowcolor.layers.actnorm import ActNorm
from flowcolor.layers.base import LogDet, check_channels, double
from flowcolor.layers.conv1x1 import InvertibleConv1x1, pixels, same
from flowcolor.layers.layout import has_channels_last


class FoldedInverse:
    """Undo a convolution and then an ActNorm; eval mode without gradients.

    The map is kept until a weight of either changes, as is noticed by value.

    Args:
        norm: What came first.
        conv: What came right after it.
    """

    def __init__(self, norm: ActNorm, conv: InvertibleConv1x1) -> None:
        self.norm, self.conv = norm, conv
        self._kept: tuple[list[Tensor], Sequence[Tensor]] | None = None

    def inverse(self, y: Tensor) -> tuple[Tensor, LogDet]:
        """Return the data and the log-det of the way back."""
        check_channels(self.conv, y, self.conv.channels)
        with torch.autocast(y.device.type, enabled=False):
            matrix, shift, per_pixel = self._map(y.dtype)
            if has_channels_last(y):
                x = linear(y.movedim(1, -1), matrix, shift.flatten()).movedim(-1, 1)
            else:
                x = torch.baddbmm(shift, matrix.expand(y.shape[0], -1, -1), pixels(y)).view_as(y)
        return x, (y.shape[2:].numel() * per_pixel).expand(y.shape[0]).clone()

    def _map(self, dtype: torch.dtype) -> Sequence[Tensor]:
        norm, matrix = self.norm, self.conv.matrix
        weights = [norm.loc, norm.log_scale, *matrix.parameters(), *matrix.buffers()]
        if self._kept is None or not (
            self._kept[1][0].dtype == dtype and all(map(same, weights, self._kept[0]))
        ):
            log_scale = double(norm.log_scale)
            folded = (-log_scale).exp()[:, None] * double(matrix.inverse_weight())
            per_pixel = -log_scale.sum() - double(matrix.logabsdet())
            affine = [t.to(dtype) for t in (folded, norm.loc[:, None], per_pixel)]
            self._kept = [weight.clone() for weight in weights], affine
        return self._kept[1]
