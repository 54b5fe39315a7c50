"""Peak signal-to-noise ratio."""

from jaxtyping import Float
from torch import Tensor

from flowcolor.metrics.base import ImageMetric, comparable


def psnr(
    result: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    r"""Peak signal-to-noise ratio of each pair of images in decibel, higher is better.

    .. math:: \mathrm{PSNR} = -10 \log_{10} \overline{(x - y)^2}

    The mean is over pixels and channels, the peak is 1; images are clamped to :math:`[0, 1]`.
    Equal images give infinity.

    Args:
        result: Images in :math:`[0, 1]`.
        truth: What they should look like.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> import torch
        >>> psnr(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.1)).round()
        tensor([20.])
    """
    result, truth = comparable("psnr", result, truth)
    error = (result - truth).square().mean((1, 2, 3))
    return 10 * (1 / error).log10()


class PeakSignalNoiseRatio(ImageMetric):
    """Mean of :func:`psnr` over images.

    The mean of each image's decibels, as papers report it. torchmetrics' metric of this name
    takes the logarithm of the mean squared error of all images instead, which is never larger. A
    single perfect image makes the mean infinite.

    Example:
        >>> import torch
        >>> metric = PeakSignalNoiseRatio()
        >>> metric.update(*torch.rand(2, 4, 3, 16, 16))
        >>> sorted(metric.compute())
        ['psnr']
    """

    name = "psnr"
    higher_is_better = True

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return psnr(result, other)
