"""PD: how far a result is from its photograph in the features of a classifier."""

from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import is_function
from flowcolor.errors import InputError
from flowcolor.metrics.base import RANDOM_WEIGHTS, ImageMetric, comparable
from flowcolor.pretrained.googlenet import GoogLeNetFeatures


def perceptual_distance(
    result: Float[Tensor, "batch 3 height width"],
    truth: Float[Tensor, "batch 3 height width"],
    features: GoogLeNetFeatures,
) -> Float[Tensor, " batch"]:
    r"""Euclidean distance of the features of each result and its photograph, lower is better.

    .. math:: \mathrm{PD} = \|\phi(x) - \phi(y)\|_2

    No gradient is recorded.

    Args:
        result: Images in :math:`[0, 1]`.
        truth: What they should look like.
        features: :math:`\phi`.

    Raises:
        ValueError: If the shapes differ, or values are far outside of [0, 1].

    Reference:
        Saharia et al., "Palette: image-to-image diffusion models" (2022), section 4.
        https://arxiv.org/abs/2111.05826

    Example:
        >>> images = torch.rand(2, 3, 32, 32)
        >>> perceptual_distance(images, images, GoogLeNetFeatures(random_weights=True))
        tensor([0., 0.])
    """
    if not is_function(features):
        shown = type(features).__name__
        raise InputError(f"perceptual_distance expects features to be a network, got {shown}.")
    result, truth = comparable("perceptual_distance", result, truth)
    found: Tensor = torch.linalg.vector_norm(features(result) - features(truth), dim=1)
    return found


class PerceptualDistance(ImageMetric):
    """Mean of :func:`perceptual_distance` over images.

    The paper that named it does not say how its images were resized, so its numbers are quoted
    beside ours and not compared with them. ``note`` says what was compared.

    Args:
        path: GoogLeNet's weights, see
            :class:`~flowcolor.pretrained.googlenet.GoogLeNetFeatures`.
        random_weights: Use a random network. The distance is then comparable with no other.

    Example:
        >>> metric = PerceptualDistance(random_weights=True)
        >>> metric.update(*torch.rand(2, 2, 3, 16, 16))
        >>> sorted(metric.compute())
        ['pd']
    """

    name = "pd"
    higher_is_better = False

    def __init__(self, path: str | Path | None = None, *, random_weights: bool = False) -> None:
        super().__init__()
        self.features = GoogLeNetFeatures(path, random_weights=random_weights)

    @property
    def random_weights(self) -> bool:
        """Whether the images are looked at through a random network."""
        return self.features.random_weights

    @property
    def note(self) -> str:
        """Which features of which network, and whether its weights are random."""
        label = self.features.label
        return f"{label}; {RANDOM_WEIGHTS}" if self.random_weights else label

    def prepare(self, *, download: bool = True) -> None:
        self.features.prepare(download=download)

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return perceptual_distance(result, other, self.features)
