"""Did a grey photograph keep its brightness when it was coloured?"""

from jaxtyping import Float
from torch import Tensor

from flowcolor.color import to_gray
from flowcolor.metrics.base import ImageMetric, comparable


def luminance_error(
    result: Float[Tensor, "batch 3 height width"], content: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    r"""Mean difference between the luma of each result and of its content, lower is better.

    .. math:: \overline{|Y(x) - Y(c)|}, \qquad Y = 0.299 R + 0.587 G + 0.114 B

    Luma is that of Rec. 601 and reaches from 0 to 1: an error of 1/255 is one level of a file.
    Whoever colours a photograph should leave it at 0. For drawings it means nothing, as paper is
    white and skin is not.

    Args:
        result: Images in :math:`[0, 1]`.
        content: The grey photographs that were coloured.

    Raises:
        ValueError: If the shapes differ, or values are far outside of [0, 1].

    Example:
        >>> import torch
        >>> gray = torch.full((1, 3, 4, 4), 0.5)
        >>> red = gray + torch.tensor([0.2, 0.0, 0.0]).view(3, 1, 1)
        >>> round(float(luminance_error(red, gray)), 4)
        0.0598
    """
    result, content = comparable("luminance_error", result, content)
    return (to_gray(result) - to_gray(content)).abs().mean((1, 2, 3))


class LuminanceError(ImageMetric):
    """Mean of :func:`luminance_error` over images.

    Example:
        >>> import torch
        >>> metric = LuminanceError()
        >>> metric.update(*torch.rand(2, 4, 3, 16, 16))
        >>> sorted(metric.compute())
        ['luminance']
    """

    name = "luminance"
    higher_is_better = False

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return luminance_error(result, other)
