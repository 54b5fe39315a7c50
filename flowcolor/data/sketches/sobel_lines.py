"""The sketch filter of pSp: soft edges from the Sobel operator."""

from typing import TYPE_CHECKING

from flowcolor.data.sketches.base import SketchFilter

if TYPE_CHECKING:
    import numpy as np


class SobelLines(SketchFilter):
    r"""Draw edges with the Sobel operator :math:`S`, unthresholded.

    .. math::
        y = 1 - 0.75\, S(x) - 0.75\, S(1 - x), \qquad
        S(x) = \max(\partial_\downarrow x,\; \partial_\rightarrow x,\; 0)

    where :math:`x` is the grey image after a 3x3 Gaussian.

    Reference:
        Richardson et al., "Encoding in Style" (2021), the recipe of its sketch-to-image data.
        https://arxiv.org/abs/2008.00951

    Example:
        >>> import torch
        >>> SobelLines()(torch.rand(3, 64, 48), (32, 24)).shape
        torch.Size([1, 32, 24])
    """

    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np
        from scipy import ndimage

        smooth = gray
        for axis in (0, 1):
            smooth = ndimage.correlate1d(smooth, [0.25, 0.5, 0.25], axis, mode="nearest")
        down, right = (ndimage.sobel(smooth, axis, mode="nearest") for axis in (0, 1))
        rising = np.clip(np.maximum(down, right), 0, 1)
        falling = np.clip(np.maximum(-down, -right), 0, 1)
        return np.asarray(np.clip(1 - 0.75 * rising - 0.75 * falling, 0, 1))
