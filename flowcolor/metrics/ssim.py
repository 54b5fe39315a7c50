"""Structural similarity, at one scale and at five."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from flowcolor.metrics.base import ImageMetric, comparable
from flowcolor.values import without_autocast


def ssim(
    result: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    r"""Structural similarity of each pair of images, at most 1, higher is better.

    .. math:: \mathrm{SSIM} = \overline{
              \frac{(2 \mu_x \mu_y + c_1)(2 \sigma_{xy} + c_2)}
                   {(\mu_x^2 + \mu_y^2 + c_1)(\sigma_x^2 + \sigma_y^2 + c_2)}}, \qquad
              c_1 = 0.01^2, \quad c_2 = 0.03^2

    Means and (co)variances are taken under a Gaussian window of 11 pixels with deviation 1.5; the
    bar is the mean over pixels and channels. It is torchmetrics' implementation, with images
    clamped to :math:`[0, 1]` and a data range of 1, in float64 even under autocast, or in float32
    on devices without it.

    The border is reflected and counts. Implementations that leave out five pixels on each side
    (scikit-image among them) give other numbers, visibly so for small images; so do those that
    look at the grey image.

    Args:
        result: Images in :math:`[0, 1]`.
        truth: What they should look like.

    Raises:
        ValueError: If the shapes differ or a side is below 6 pixels.

    Reference:
        Wang et al., "Image quality assessment: from error visibility to structural similarity"
        (2004). https://doi.org/10.1109/TIP.2003.819861

    Example:
        >>> import torch
        >>> image = torch.rand(2, 3, 16, 16)
        >>> ssim(image, image)
        tensor([1., 1.])
    """
    result, truth = comparable("ssim", result, truth, smallest=6)
    if len(result) == 0:  # torchmetrics fails at an empty batch.
        return result.new_zeros(0)
    return _one_by_one(structural_similarity_index_measure, result, truth)


def ms_ssim(
    result: Float[Tensor, "batch 3 height width"], truth: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    r"""Structural similarity at five scales of each pair of images, in [0, 1], higher is better.

    .. math:: \mathrm{MS\text{-}SSIM} = \mathrm{SSIM}_5^{\beta_5} \prod_{j=1}^{4} cs_j^{\beta_j},
              \qquad \beta = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)

    :math:`cs_j` is the mean of the second factor of :func:`ssim` alone (contrast and structure)
    after the image was halved :math:`j - 1` times by averaging 2 x 2 pixels. A negative factor
    counts as 0, which makes the whole product 0. Window, range and precision are those of
    :func:`ssim`; the border of five pixels counts in :math:`\mathrm{SSIM}_5`, but in no
    :math:`cs_j`, as torchmetrics has it.

    Args:
        result: Images in :math:`[0, 1]`.
        truth: What they should look like.

    Raises:
        ValueError: If the shapes differ or a side is below 176 pixels, for the window of 11 pixels
            has to fit into the smallest scale, a sixteenth of it.

    Reference:
        Wang et al., "Multiscale structural similarity for image quality assessment" (2003).
        https://doi.org/10.1109/ACSSC.2003.1292216
    """
    result, truth = comparable("ms_ssim", result, truth, smallest=176)
    if len(result) == 0:
        return result.new_zeros(0)
    return _one_by_one(multiscale_structural_similarity_index_measure, result, truth)


class StructuralSimilarity(ImageMetric):
    """Mean of :func:`ssim` over images.

    Example:
        >>> import torch
        >>> metric = StructuralSimilarity()
        >>> metric.update(*torch.rand(2, 4, 3, 16, 16))
        >>> sorted(metric.compute())
        ['ssim']
    """

    name = "ssim"
    higher_is_better = True

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return ssim(result, other)


class MultiScaleStructuralSimilarity(ImageMetric):
    """Mean of :func:`ms_ssim` over images; their sides must have at least 176 pixels.

    Example:
        >>> import torch
        >>> metric = MultiScaleStructuralSimilarity()
        >>> metric.update(*torch.rand(2, 1, 3, 176, 176))
        >>> sorted(metric.compute())
        ['ms_ssim']
    """

    name = "ms_ssim"
    higher_is_better = True

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return ms_ssim(result, other)


def _one_by_one(score: Callable[..., Any], result: Tensor, truth: Tensor) -> Tensor:
    """Score each pair by itself: in float64 a window takes 600 times the memory of its image."""
    with without_autocast(result):
        values = [
            score(_exact(one[None]), _exact(other[None]), data_range=1.0, reduction="none")
            for one, other in zip(result, truth, strict=True)
        ]
    return torch.stack([value.reshape(()) for value in values]).to(result.dtype)


def _exact(images: Tensor) -> Tensor:
    """Return images in float64 where there is one.

    Variances are differences of nearly equal numbers. Of those of flat areas, which are 0, float32
    leaves as much as 1e-7, which beside :math:`c_2` moves the fourth digit, and lifts some above 1.
    """
    return images if images.device.type == "mps" else images.double()
