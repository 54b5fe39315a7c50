"""Are the lines of the result as sharp as those of its drawing?"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import plain_numbers
from flowcolor.color import to_gray
from flowcolor.metrics.base import ImageMetric
from flowcolor.metrics.on_lines import check_on_lines, check_threshold, in_pixels
from flowcolor.values import widen

_DARKEST = 0.05  # Surroundings that are darker count as so dark: in black, noise is no line.


def line_sharpness(
    image: Float[Tensor, "batch 3 height width"],
    drawing: Float[Tensor, "batch channels height width"],
    window: float = 0.05,
    threshold: float = 0.9,
) -> Float[Tensor, " batch"]:
    r"""How steep an image is at the lines of its drawing, one number per pair.

    .. math:: S = \sqrt{\frac{\sum_{p \in E} \|\nabla y_p\|^2 / m_p^2}
                             {\sum_{p \in E} \|\nabla d_p\|^2}}, \qquad
              m_p = \frac{\sum_{r \in W_p} y_r d_r}{\sum_{r \in W_p} d_r^2}

    :math:`y` is the image's luma, :math:`d` the drawing, :math:`\nabla` the difference of
    neighbouring pixels in both directions, :math:`E` those differences to which a pixel of a line
    belongs. :math:`m` is how bright the image is around, in the square :math:`W`, where the
    drawing would be white: lines on dark skin can be as sharp as on white paper.

    Without a unit, from 0: 1 is as sharp as the drawing, 0 is gone; more than 1 is steeper than the
    drawing. A photograph has edges where its drawing has lines, and is not far from 1. With
    :math:`m = 1` and all differences in :math:`E`, blurring by :math:`\sigma` multiplies each
    frequency :math:`k` of the edges by :math:`e^{-\sigma^2 k^2 / 2}` (Parseval), so that :math:`S`
    falls as :math:`\sigma` grows. Where the lines are is what
    :func:`~flowcolor.metrics.line_f1` says. A drawing without edges has none to lose: 1.

    Args:
        image: sRGB in :math:`[0, 1]`.
        drawing: Dark lines on white paper in :math:`[0, 1]`; channels are averaged.
        window: How far :math:`W` reaches: below 1 a fraction of the shorter side, otherwise pixels;
            at least two pixels.
        threshold: A pixel belongs to a line if it is below this brightness.

    Raises:
        ValueError: If the shapes do not fit together, values lie far outside [0, 1], or an argument
            is out of range.

    Example:
        >>> drawing = torch.rand(2, 1, 8, 8).round()
        >>> line_sharpness(drawing.expand(-1, 3, -1, -1), drawing)
        tensor([1., 1.])
    """
    check_on_lines("line_sharpness", image, drawing, threshold, window=window)
    radius = max(2, int(in_pixels(window, image)))
    image = widen(image).clamp(0, 1)
    drawing = drawing.to(image.dtype).clamp(0, 1)
    y = to_gray(image)  # Of three equal channels it is their value.
    d = drawing.mean(1, keepdim=True)
    m = (_around(y * d, radius) / _around(d * d, radius).clamp(min=1e-12)).clamp(min=_DARKEST)
    near = _pairs(torch.add, (d < threshold).to(d)) > 0
    # Norms, not roots of sums, whose slope at 0 would be infinite.
    power = torch.linalg.vector_norm(_pairs(torch.sub, d) * near, dim=1)
    steps = _pairs(torch.sub, y) / _pairs(torch.add, m) * 2 * near
    sharpness = torch.linalg.vector_norm(steps, dim=1) / power.clamp(min=1e-6)
    # Not simply 1: the NaN of a broken result has to be seen.
    return torch.where(power > 0, sharpness, 1 + 0 * sharpness)


class LineSharpness(ImageMetric):
    """Average of :func:`line_sharpness` over images; higher is better.

    Args:
        window: See :func:`line_sharpness`.
        threshold: See :func:`line_sharpness`.

    Shape:
        - ``result``: :math:`(B, 3, H, W)`, sRGB in :math:`[0, 1]`.
        - ``other``: the drawings, :math:`(B, C, H, W)`.
        - output: ``sharpness``, a scalar.

    Example:
        >>> metric = LineSharpness()
        >>> metric.update(*torch.rand(2, 4, 3, 16, 16))
        >>> sorted(metric.compute())
        ['sharpness']
    """

    name = "sharpness"

    @plain_numbers
    def __init__(self, window: float = 0.05, threshold: float = 0.9) -> None:
        super().__init__()
        check_threshold("LineSharpness", threshold, "above", window=window)
        self.window, self.threshold = window, threshold

    def per_image(self, result: Tensor, other: Tensor) -> Float[Tensor, " batch"]:
        return line_sharpness(result, other, self.window, self.threshold)


def _around(
    image: Float[Tensor, "batch 1 height width"], radius: int
) -> Float[Tensor, "batch 1 height width"]:
    """Return the mean of the square around each pixel, of what of it lies inside the image."""
    for rows, columns in ((radius, 0), (0, radius)):  # A square in two steps, which is faster.
        kernel = (2 * rows + 1, 2 * columns + 1)
        image = functional.avg_pool2d(
            image, kernel, stride=1, padding=(rows, columns), count_include_pad=False
        )
    return image


def _pairs(
    operation: Callable[[Tensor, Tensor], Tensor], image: Float[Tensor, "batch 1 height width"]
) -> Float[Tensor, "batch pairs"]:
    """Apply an operation to all pairs of neighbours, first to those above each other."""
    down = operation(image[:, :, 1:], image[:, :, :-1])
    right = operation(image[..., 1:], image[..., :-1])
    return torch.cat([down.flatten(1), right.flatten(1)], 1)
