r"""ActNorm and the 1x1 convolution after it, undone in one pass over the data.

Alone they undo :math:`y = W\,(e^s \odot (x - \mu))` in three passes. Together they are one affine
map of each pixel, :math:`x = (e^{-s} \odot W^{-1})\, y + \mu`. Data towards latent is not folded:
:math:`x - \mu` first is what keeps the digits of a channel that hardly varies.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from flowcolor.layers.actnorm import ActNorm
from flowcolor.layers.base import InvertibleLayer, LogDet, check_channels, to_float64
from flowcolor.layers.functional.kept import Kept
from flowcolor.layers.functional.matrices import ChannelMatrix
from flowcolor.layers.functional.pixels import mix_then_shift


class FoldedInverse:
    """Undo a convolution and then an ActNorm; eval mode without gradients.

    The map is kept until a weight of either changes.

    Args:
        norm: What came first.
        conv: The :class:`~flowcolor.layers.InvertibleConv1x1` that came right after it.
    """

    def __init__(self, norm: ActNorm, conv: InvertibleLayer) -> None:
        self.norm, self.conv = norm, conv
        self._kept: Kept[Sequence[Tensor]] = Kept()

    def inverse(self, y: Tensor) -> tuple[Tensor, LogDet]:
        """Return the data and the log-det of the way back."""
        check_channels(self.conv, y, self.norm.channels)
        matrix: ChannelMatrix = self.conv.matrix  # type: ignore[assignment]
        weights = [self.norm.loc, self.norm.log_scale, *matrix.parameters(), *matrix.buffers()]
        with torch.autocast(y.device.type, enabled=False):
            fold = partial(self._fold, matrix, y.dtype)
            weight, shift, per_pixel = self._kept.get(weights, y.dtype, fold)
            x = mix_then_shift(weight, y, shift)
        return x, (y.shape[2:].numel() * per_pixel).expand(y.shape[0]).clone()

    def _fold(self, matrix: ChannelMatrix, dtype: torch.dtype) -> Sequence[Tensor]:
        log_scale = to_float64(self.norm.log_scale)
        folded = (-log_scale).exp()[:, None] * to_float64(matrix.inverse_weight())
        per_pixel = -log_scale.sum() - to_float64(matrix.logabsdet())
        return [t.to(dtype) for t in (folded, self.norm.loc, per_pixel)]
