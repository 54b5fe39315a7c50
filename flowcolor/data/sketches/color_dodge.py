"""Colour dodge: the look of a soft pencil."""

from typing import TYPE_CHECKING

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number, within
from flowcolor.data.sketches.base import SketchFilter
from flowcolor.errors import InputError

if TYPE_CHECKING:
    import numpy as np


class ColorDodge(SketchFilter):
    r"""Divide a photograph by its blurred self, so that only what is darker than around stays.

    .. math::
        y = \min(x / G_\sigma x,\; 1)

    Args:
        sigma: Width of the blur :math:`\sigma` in pixels at a side of 256.

    Example:
        >>> import torch
        >>> ColorDodge()(torch.rand(3, 64, 48), (32, 24)).shape
        torch.Size([1, 32, 24])
    """

    @plain_numbers
    def __init__(self, sigma: float = 4.0) -> None:
        if is_number(sigma) and sigma <= 0:
            raise InputError(f"ColorDodge expects sigma above 0, got {sigma}.")
        within("ColorDodge's sigma", sigma, 0.0, 256.0)
        self.sigma = sigma

    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np
        from scipy import ndimage

        blurred = ndimage.gaussian_filter(gray, self.sigma * min(gray.shape) / 256, mode="nearest")
        floor = 1 / 255  # Black on black is paper, as in every image editor.
        return np.asarray(np.minimum((gray + floor) / (blurred + floor), 1))
