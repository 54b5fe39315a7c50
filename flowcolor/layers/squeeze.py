r"""Space-to-depth."""

from flowcolor.arguments import check_choice, check_count
from flowcolor.layers.base import Condition, Features, InvertibleLayer, Latent, LogDet
from flowcolor.layers.functional.patches import (
    Dims,
    check_divisible,
    check_patched,
    shuffle,
    unshuffle,
)
from flowcolor.values import widen


class Squeeze(InvertibleLayer):
    r"""Move each patch of pixels into channels; only the order of numbers changes.

    .. math:: y_{b,\, f^2 c + f i + j,\, h,\, w} = x_{b,\, c,\, f h + i,\, f w + j}, \qquad
        \log|\det J| = 0

    Args:
        factor: Side of a patch, :math:`f`.
        dims: Axes of space: 2 for images, 1 for sequences, 3 for volumes.

    Shape:
        - ``x``: :math:`(B, C, H, W)` with :math:`f` dividing :math:`H` and :math:`W`.
        - ``y``: :math:`(B, f^2 C, H/f, W/f)`.
        - With 1 or 3 axes, that many stand in the place of :math:`H, W`, and :math:`f` or
          :math:`f^3` in that of :math:`f^2`.
        - ``logdet``: :math:`(B,)`, zero.

    Reference:
        Dinh et al., "Density estimation using Real NVP" (2017), section 3.6.
        https://arxiv.org/abs/1605.08803

    Example:
        >>> import torch
        >>> y, logdet = Squeeze(2)(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 12, 2, 2]), torch.Size([8]))
    """

    def __init__(self, factor: int = 2, dims: Dims = 2) -> None:
        super().__init__()
        check_count(self, factor=factor)
        check_choice(self, dims=(dims, Dims))
        self.factor = factor
        self.dims: Dims = dims

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Latent, LogDet]:
        check_divisible(self, x, None, self.factor, self.dims)
        x = widen(x)
        return unshuffle(x, self.factor, self.dims), x.new_zeros(x.shape[0])

    def inverse(self, y: Latent, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_patched(self, y, None, self.factor, self.dims)
        y = widen(y)
        return shuffle(y, self.factor, self.dims), y.new_zeros(y.shape[0])
