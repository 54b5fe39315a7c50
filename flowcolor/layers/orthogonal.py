r"""Learnable orthogonal resampling."""

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_count, check_flag, check_parameters
from flowcolor.layers.base import Condition, Features, InvertibleLayer, Latent, LogDet
from flowcolor.layers.functional.matrices import cosine_basis, orthogonal_matrix
from flowcolor.layers.functional.patches import (
    check_divisible,
    check_patched,
    from_patches,
    to_patches,
)
from flowcolor.values import widen, without_autocast


class OrthogonalDownsample(InvertibleLayer):
    r"""Trade resolution for channels by a learned rotation of each patch, at first Haar's.

    .. math:: y_{c} = Q \exp(\Theta_c - \Theta_c^T)\, x_c, \qquad \log|\det J| = 0

    :math:`x_c` holds the :math:`f^2` pixels of one patch of channel :math:`c`. The fixed
    :math:`Q` is the orthonormal cosine transform of a patch, which for :math:`f = 2` is the Haar
    transform, and :math:`\Theta` starts at zero. ``inverse`` is the matching upsampling. Starting
    the exponential itself at Haar, as the formula in the thesis reads, describes the same set of
    kernels; gradients are autograd's, which the hand-written ones of other packages get wrong.

    Args:
        channels: Number of input channels :math:`C`.
        factor: Side of a patch, :math:`f`.
        shared: Whether all channels share one rotation.

    Shape:
        - ``x``: :math:`(B, C, H, W)` with :math:`f` dividing :math:`H` and :math:`W`.
        - ``y``: :math:`(B, f^2 C, H/f, W/f)`; channel :math:`f^2 c + k` is coefficient :math:`k` of
          channel :math:`c`.
        - ``logdet``: :math:`(B,)`, zero.

    Reference:
        Etmann et al., "iUNets" (2020), section 3, and the thesis, equations 3.20 and 3.21.
        https://arxiv.org/abs/2005.05220

    Example:
        >>> y, logdet = OrthogonalDownsample(3)(torch.randn(8, 3, 4, 4))
        >>> y.shape, logdet.shape
        (torch.Size([8, 12, 2, 2]), torch.Size([8]))
    """

    basis: Tensor

    def __init__(self, channels: int, factor: int = 2, *, shared: bool = False) -> None:
        super().__init__()
        check_count(self, channels=channels, factor=factor)
        check_flag(self, shared=shared)
        parameters = (2 + (1 if shared else channels)) * factor**4
        check_parameters(self, parameters, channels=channels, factor=factor)
        self.channels = channels
        self.factor = factor
        self.register_buffer("basis", cosine_basis(factor), persistent=False)
        self.register_load_state_dict_post_hook(_restore_basis)
        self.theta = nn.Parameter(torch.zeros(1 if shared else channels, factor**2, factor**2))

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Latent, LogDet]:
        check_divisible(self, x, self.channels, self.factor)
        x = widen(x)
        with without_autocast(x):
            return to_patches(x, self.kernel(), self.factor), x.new_zeros(x.shape[0])

    def inverse(self, y: Latent, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_patched(self, y, self.channels, self.factor)
        y = widen(y)
        with without_autocast(y):
            return from_patches(y, self.kernel(), self.factor), y.new_zeros(y.shape[0])

    def kernel(self) -> Tensor:
        """Return the matrices from pixels to coefficients, ``(C or 1, f f, f f)``."""
        return orthogonal_matrix(self.basis, self.theta)


def _restore_basis(layer: OrthogonalDownsample, _: object) -> None:
    """Make the constant again: built without memory and then loaded, a model has none."""
    layer.basis = cosine_basis(layer.factor).to(layer.theta.device, layer.theta.dtype)
