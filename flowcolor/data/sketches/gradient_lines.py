"""The default sketch filter: strokes of even width along the ridges of the gradient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowcolor.data.sketches.base import SketchFilter

if TYPE_CHECKING:
    import numpy as np

_LEVELS = 255 * 32  # Grey values: one that is smoothed with weights of 512, twice, has 31 bits.
_SMOOTHING = (102, 90, 62, 33, 14, 5, 1)  # 512 times a Gaussian of 2 pixels, at distances 0 to 6.
_STEEPEST = 4 * _LEVELS  # The Sobel operator's answer to a step from black to white.
_LOW, _HIGH = 0.02, 0.06
_SHORTEST = 15
_DARKEST_AT, _LIGHTEST = 0.12, 0.35
_SOFTENING = (0.49868, 0.22831, 0.02191, 0.00044)  # A Gaussian of 0.8 pixels.


class GradientLines(SketchFilter):
    r"""Draw a line wherever the brightness of a photograph changes most.

    With :math:`g` the Sobel gradient of the grey image, smoothed with a Gaussian of 2 pixels at a
    side of 512:

    .. math::
        \text{darkness} = \operatorname{clip}(|g| / 0.12,\; 0.35,\; 1)

    on the ridges of :math:`|g|` above 0.02 that touch one above 0.06 and have at least 15 pixels;
    0 elsewhere. Strokes are 3 pixels wide and softened with a Gaussian of 0.8 pixels. A step from
    black to white has :math:`|g| = 1` before smoothing.

    Which pixel is a ridge is decided by integers and by single operations that IEEE 754 rounds in
    one way only, so that no machine draws a line that another does not.

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

        levels = np.rint(gray * _LEVELS).astype(np.int32)
        smooth = (_blur(levels, _SMOOTHING) + 2**17) >> 18
        down, right = _slopes(np.pad(smooth, 1, mode="edge"))
        strength = np.sqrt((down * down + right * right).astype(np.float32))
        ridges = _ridges(strength, down, right)
        lines = _long_and_strong(ridges, strength.ravel()[ridges], gray.shape)
        darkness = np.zeros(gray.size, dtype=np.float32)
        darkness[lines] = (strength.ravel()[lines] / (_STEEPEST * _DARKEST_AT)).clip(_LIGHTEST, 1)
        strokes = _widen(darkness.reshape(gray.shape))
        return np.asarray(1 - _blur(strokes, np.array(_SOFTENING, dtype=np.float32)))


def _blur(image: "np.ndarray", weights: "Sequence[float] | np.ndarray") -> "np.ndarray":
    """Weight neighbours by their distance, along one axis and then the other; borders repeat."""
    import numpy as np

    reach = len(weights) - 1
    for _ in range(2):  # Down the columns, turned; and again.
        height = image.shape[0]
        padded = np.pad(image, ((reach, reach), (0, 0)), mode="edge")
        blurred = weights[0] * image
        pair = np.empty_like(image)
        for distance in range(1, reach + 1):
            before, after = reach - distance, reach + distance
            np.add(padded[before : before + height], padded[after : after + height], out=pair)
            pair *= weights[distance]
            blurred += pair
        image = blurred.T  # A view: no pixel moves.
    return image


def _slopes(padded: "np.ndarray") -> "tuple[np.ndarray, np.ndarray]":
    """The Sobel operator, down and to the right, of an image with a border of one pixel."""
    down, right = padded[2:] - padded[:-2], padded[:, 2:] - padded[:, :-2]
    return (
        down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:],
        right[:-2] + 2 * right[1:-1] + right[2:],
    )


def _ridges(strength: "np.ndarray", down: "np.ndarray", right: "np.ndarray") -> "np.ndarray":
    """Non-maximum suppression: positions stronger than both neighbours across the line.

    The neighbours lie one pixel away along the gradient, between four pixels.
    """
    import numpy as np

    candidates = np.flatnonzero(strength > _LOW * _STEEPEST)  # A tenth of all; the rest costs time.
    rows, columns = np.divmod(candidates, strength.shape[1])
    padded = np.pad(strength, 1, mode="edge")
    width = padded.shape[1]
    at = (rows + 1) * width + columns + 1
    flat = padded.ravel()
    here = flat[at]
    down, right = (slope.ravel()[candidates].astype(np.float32) for slope in (down, right))
    vertical = np.where(down < 0, -width, width)
    horizontal = np.where(right < 0, -1, 1)
    dy, dx = np.abs(down) / here, np.abs(right) / here
    nearest, below, beside, across = (1 - dy) * (1 - dx), dy * (1 - dx), (1 - dy) * dx, dy * dx
    own = nearest * here
    ahead, behind = (
        own
        + below * flat[at + side * vertical]
        + beside * flat[at + side * horizontal]
        + across * flat[at + side * (vertical + horizontal)]
        for side in (1, -1)
    )
    return np.asarray(candidates[(here >= ahead) & (here > behind)])


def _long_and_strong(
    ridges: "np.ndarray", strength: "np.ndarray", shape: tuple[int, ...]
) -> "np.ndarray":
    """Hysteresis: keep connected ridges that are strong somewhere and not just specks."""
    import numpy as np
    from scipy import ndimage

    picture = np.zeros(shape, dtype=bool)
    picture.ravel()[ridges] = True
    labels, count = ndimage.label(picture, np.ones((3, 3)))
    labels = labels.ravel()[ridges]
    keep = np.bincount(labels, minlength=count + 1) >= _SHORTEST
    strong = np.zeros(count + 1, dtype=bool)
    strong[labels[strength > _HIGH * _STEEPEST]] = True
    return np.asarray(ridges[(keep & strong)[labels]])


def _widen(image: "np.ndarray") -> "np.ndarray":
    """The darkest of the 3x3 pixels around each."""
    import numpy as np

    padded = np.pad(image, 1)
    rows = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    return np.asarray(np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]))
