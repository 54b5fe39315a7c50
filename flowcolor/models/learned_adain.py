"""Adaptive instance normalisation whose statistics are learned maps of a latent."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.values import widen

_EPSILON = 1e-5  # Added to the variance: a flat channel comes out as its shift.


class LearnedAdaIN(nn.Module):
    r"""Give each channel the mean and the deviation that a latent asks for.

    .. math:: y_i = s_i \frac{x_i - \mu(x_i)}{\sigma(x_i)} + b_i, \qquad
              s = S\, l + s_0, \quad b = B\, l + b_0

    Mean and deviation of what arrives are forgotten; those of the result are :math:`b_i` and
    :math:`|s_i|`.

    Args:
        channels: Channels of :math:`y`.
        latent: Length of :math:`l`.
        letter: Start with all weights of :math:`S` at 1, so that the first scale is one common
            gain, one plus the sum of the latent. Otherwise it starts near 1, each channel's own.

    Shape:
        - ``x``: :math:`(B, C, H, W)`, or :math:`(B, 1, H, W)`, which all channels then share.
        - ``code``: :math:`(B, D)`, the latent.
        - output: :math:`(B, C, H, W)`.

    Reference:
        Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance
        normalization" (2017), eq. 8, with the learned maps of Karras et al. (2019), eq. 1.
        https://arxiv.org/abs/1703.06868

    Example:
        >>> LearnedAdaIN(8, 4)(torch.rand(2, 8, 5, 5), torch.rand(2, 4)).shape
        torch.Size([2, 8, 5, 5])
    """

    def __init__(self, channels: int, latent: int, *, letter: bool = False) -> None:
        super().__init__()
        self.scale = nn.Linear(latent, channels)
        self.shift = nn.Linear(latent, channels)
        nn.init.ones_(self.scale.bias)
        nn.init.zeros_(self.shift.bias)
        if letter:
            nn.init.ones_(self.scale.weight)

    def forward(
        self, x: Float[Tensor, "batch _ height width"], code: Float[Tensor, "batch latent"]
    ) -> Float[Tensor, "batch channels height width"]:
        # By hand: torch's own refuses images of one pixel, which 16x16 become at the bottom.
        wide = widen(x)
        variance, mean = torch.var_mean(wide, (2, 3), correction=0, keepdim=True)
        normal = ((wide - mean) * (variance + _EPSILON).rsqrt()).to(x)
        scale, shift = (net(code)[:, :, None, None] for net in (self.scale, self.shift))
        result: Tensor = scale * normal + shift
        return result
