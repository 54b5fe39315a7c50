"""The default sketch filter: strokes of even width along the ridges of the gradient."""

from typing import TYPE_CHECKING

from flowcolor.data.sketches.base import SketchFilter

if TYPE_CHECKING:
    import numpy as np

_SIGMA = 2.0
_LOW, _HIGH = 0.02, 0.06
_SHORTEST = 15
_DARKEST_AT, _LIGHTEST = 0.12, 0.35
_WIDTH = 3
_SOFTNESS = 0.8


class GradientLines(SketchFilter):
    r"""Draw a line wherever the brightness of a photograph changes most.

    With :math:`g` the Sobel gradient of the grey image, smoothed with a Gaussian of 2 pixels at a
    side of 512:

    .. math::
        \text{darkness} = \operatorname{clip}(|g| / 0.12,\; 0.35,\; 1)

    on the ridges of :math:`|g|` above 0.02 that touch one above 0.06 and have at least 15 pixels;
    0 elsewhere. Strokes are 3 pixels wide and softened with a Gaussian of 0.8 pixels. A step from
    black to white has :math:`|g| = 1` before smoothing.

    Example:
        >>> import torch
        >>> photo = torch.zeros(3, 32, 32)
        >>> photo[:, :, 16:] = 1
        >>> drawing = GradientLines()(photo, (32, 32))
        >>> bool(drawing[0, 10, 16] < drawing[0, 10, 4])
        True
    """

    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        import numpy as np
        from scipy import ndimage

        smooth = ndimage.gaussian_filter(gray, _SIGMA, mode="nearest")
        down, right = (ndimage.sobel(smooth, axis, mode="nearest") / 4 for axis in (0, 1))
        strength = np.hypot(down, right)
        lines = _long_and_strong(_ridges(strength, down, right) & (strength > _LOW), strength)
        darkness = np.where(lines, np.clip(strength / _DARKEST_AT, _LIGHTEST, 1), 0)
        strokes = ndimage.maximum_filter(darkness, _WIDTH)
        return np.asarray(1 - ndimage.gaussian_filter(strokes, _SOFTNESS, mode="nearest"))


def _ridges(strength: "np.ndarray", down: "np.ndarray", right: "np.ndarray") -> "np.ndarray":
    """Non-maximum suppression: pixels stronger than both neighbours across the line."""
    import numpy as np
    from scipy import ndimage

    candidates = np.nonzero(strength > _LOW)  # A tenth of the pixels; the rest costs time only.
    here = strength[candidates]
    step = np.stack([down[candidates], right[candidates]]) / here
    at = np.stack(candidates).astype(np.float64)
    ahead, behind = (
        ndimage.map_coordinates(strength, at + side * step, order=1, mode="nearest")
        for side in (1, -1)
    )
    ridges = np.zeros(strength.shape, dtype=bool)
    ridges[candidates] = (here >= ahead) & (here > behind)
    return ridges


def _long_and_strong(ridges: "np.ndarray", strength: "np.ndarray") -> "np.ndarray":
    """Hysteresis: keep connected ridges that are strong somewhere and not just specks."""
    import numpy as np
    from scipy import ndimage

    labels, count = ndimage.label(ridges, np.ones((3, 3)))
    keep = np.bincount(labels.ravel(), minlength=count + 1) >= _SHORTEST
    strong = np.zeros(count + 1, dtype=bool)
    strong[labels[ridges & (strength > _HIGH)]] = True
    keep &= strong
    keep[0] = False
    return np.asarray(keep[labels])
