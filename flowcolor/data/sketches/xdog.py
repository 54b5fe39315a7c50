"""Extended difference of Gaussians: the look of ink."""

from typing import TYPE_CHECKING

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, within
from flowcolor.data.sketches.base import SketchFilter
from flowcolor.errors import InputError

if TYPE_CHECKING:
    import numpy as np


class XDoG(SketchFilter):
    r"""Draw with the extended difference of Gaussians.

    .. math::
        D = G_\sigma x - \gamma\, G_{1.6 \sigma} x, \qquad
        y = \begin{cases} 1 & D \ge \epsilon \\
            1 + \tanh(\varphi\,(D - \epsilon)) & \text{otherwise} \end{cases}

    Args:
        sigma: Width of a line :math:`\sigma` in pixels at a side of 256, commonly 1 to 1.4.
        gamma: Weight of the wider Gaussian :math:`\gamma`, commonly 0.99 to 1; lower keeps less.
        epsilon: Threshold :math:`\epsilon`; higher draws more.
        phi: Sharpness :math:`\varphi` of the fall from paper to ink.

    Reference:
        Winnemöller et al., "XDoG: an eXtended difference-of-Gaussians compendium" (2012).
        https://doi.org/10.1016/j.cag.2012.03.004

    Example:
        >>> import torch
        >>> XDoG()(torch.rand(3, 64, 48), (32, 24)).shape
        torch.Size([1, 32, 24])
    """

    @plain_numbers
    def __init__(
        self, sigma: float = 1.2, gamma: float = 0.995, epsilon: float = 0.0, phi: float = 40.0
    ) -> None:
        if is_number(sigma) and is_number(phi) and min(sigma, phi) <= 0:
            raise InputError(f"XDoG expects sigma and phi above 0, got {sigma} and {phi}.")
        within("XDoG's sigma", sigma, 0, 256)
        within("XDoG's gamma", gamma, 0, 1e3)
        within("XDoG's epsilon", epsilon, -1e3, 1e3)
        within("XDoG's phi", phi, 0, 1e6)
        self.sigma = sigma
        self.gamma = gamma
        self.epsilon = epsilon
        self.phi = phi

    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np
        from scipy import ndimage

        sigma = self.sigma * min(gray.shape) / 256
        narrow, wide = (
            ndimage.gaussian_filter(gray, factor * sigma, mode="nearest") for factor in (1, 1.6)
        )
        excess = narrow - self.gamma * wide - self.epsilon
        return np.asarray(np.where(excess >= 0, 1, 1 + np.tanh(self.phi * excess)))
