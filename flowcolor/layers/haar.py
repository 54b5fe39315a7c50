r"""The Haar wavelet transform as a downsampling."""

import math

from torch import Tensor

from flowcolor.arguments import check_choice, check_count, check_positive
from flowcolor.layers.base import Condition, Features, InvertibleLayer, Latent, LogDet
from flowcolor.layers.functional.matrices import cosine_basis
from flowcolor.layers.functional.patches import (
    Dims,
    check_divisible,
    check_patched,
    from_patches,
    to_patches,
)
from flowcolor.layers.functional.pixels import count_pixels
from flowcolor.values import widen, without_autocast


class HaarDownsample(InvertibleLayer):
    r"""Halve the resolution by one level of the orthonormal Haar transform.

    .. math:: y_{c} = r\, Q x_c, \qquad \log|\det J| = C H W \log r

    Each 2 x 2 patch of a channel becomes its mean (times 2) and its horizontal, vertical and
    diagonal details. Nothing is learned.

    Args:
        channels: Number of input channels :math:`C`.
        rebalance: The factor :math:`r`. A flow of several levels whose couplings bound their scale
            may want less than 1: a smooth image's means double at every level.
        dims: Axes of space: 2 for images, 1 for sequences, 3 for volumes.

    Shape:
        - ``x``: :math:`(B, C, H, W)` with even :math:`H` and :math:`W`.
        - ``y``: :math:`(B, 4C, H/2, W/2)`; channel :math:`4c + k` is coefficient :math:`k` of
          channel :math:`c`.
        - With 1 or 3 axes, that many stand in the place of :math:`H, W`, and 2 or 8 in that of 4.
        - ``logdet``: :math:`(B,)`, zero for :math:`r = 1`.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), section 3.3. https://arxiv.org/abs/1907.02392

    Example:
        >>> import torch
        >>> y, logdet = HaarDownsample(3)(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 12, 2, 2]), torch.Size([8]))
    """

    basis: Tensor

    def __init__(self, channels: int, rebalance: float = 1.0, dims: Dims = 2) -> None:
        super().__init__()
        check_count(self, channels=channels)
        check_positive(self, rebalance=rebalance)
        check_choice(self, dims=(dims, Dims))
        self.channels = channels
        self.rebalance = rebalance
        self.dims: Dims = int(dims)  # type: ignore[assignment]  # Of NumPy's bytes none is below 0.
        self.register_buffer("basis", _signs(self.dims), persistent=False)
        self.register_load_state_dict_post_hook(_restore_basis)

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Latent, LogDet]:
        check_divisible(self, x, self.channels, 2, self.dims)
        x = widen(x)
        with without_autocast(x):
            return to_patches(x, self._basis(x) * self.rebalance, 2, self.dims), self._logdet(x)

    def inverse(self, y: Latent, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_patched(self, y, self.channels, 2, self.dims)
        y = widen(y)
        with without_autocast(y):
            return from_patches(y, self._basis(y) / self.rebalance, 2, self.dims), -self._logdet(y)

    def _basis(self, x: Tensor) -> Tensor:
        # The root of 2 is not in the stored basis, which may be of a narrower type than the data:
        # there it would be rounded.
        return self.basis.to(x.dtype) * 2 ** (-(self.dims % 2) / 2)

    def _logdet(self, x: Tensor) -> LogDet:
        return x.new_full((x.shape[0],), math.log(self.rebalance) * (x.shape[1] * count_pixels(x)))


def _restore_basis(layer: HaarDownsample, _: object) -> None:
    """Make the constant again: built without memory and then loaded, a model has none."""
    basis = _signs(layer.dims).to(layer.basis.dtype)
    layer.basis = basis if layer.basis.is_meta else basis.to(layer.basis.device)


def _signs(dims: int) -> Tensor:
    """Return the transform but for the root of 2 of an odd number of axes: exact in any type."""
    return cosine_basis(2, dims)[None].sign() * 2.0 ** -(dims // 2)
