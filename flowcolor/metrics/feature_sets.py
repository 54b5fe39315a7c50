"""What metrics that compare two sets of images by their features have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_count, check_flag, is_function, plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.errors import InputError
from flowcolor.metrics.base import RANDOM_WEIGHTS, SeparateMetric
from flowcolor.pretrained.inception import InceptionFeatures
from flowcolor.values import length_of, require_real, require_tensors, without_autocast

#: Below so many images FID says more about their number than about the images; print KID, too.
SMALL_N = 2048

Features = Callable[[Tensor], Tensor]


class FeatureSetMetric(SeparateMetric, ABC):
    """Two sets of features, real and not; a subclass says what is kept of them and compared.

    Args:
        path: Inception's weights, see :class:`~flowcolor.metrics.InceptionFeatures`.
        random_weights: Use random weights. The number is then comparable with no other.
        features: What turns images :math:`(B, 3, H, W)` into :math:`(B, D)`, instead of Inception.
            A module has to be in eval mode; it becomes no part of the metric.
        dimensions: :math:`D`.

    Raises:
        InputError: If ``features`` come together with weights for Inception.
        ValueError: If ``features`` is a module in training mode, or ``dimensions`` no whole number
            of at least 1.
    """

    full_state_update = False
    higher_is_better = False

    @plain_numbers
    def __init__(
        self,
        path: str | Path | None = None,
        *,
        random_weights: bool = False,
        features: Features | None = None,
        dimensions: int = 2048,
    ) -> None:
        super().__init__()
        check_flag(self, random_weights=random_weights)
        if features is not None and not is_function(features):
            got = shown_value(features)
            raise InputError(f"`features` must be a function or a module, got {got}.")
        if features is not None and (path is not None or random_weights):
            raise InputError("`path` and `random_weights` are of no use with `features` given.")
        if isinstance(features, nn.Module) and features.training:
            raise ValueError("`features` must be in eval mode, got a module in training mode.")
        check_count(self, dimensions=dimensions)
        self.dimensions = int(dimensions)
        built = InceptionFeatures(path, random_weights=random_weights)
        # A tuple, because torch would make a module in an attribute part of this one.
        self._network = (built if features is None else features,)
        self._declare()

    @property
    def network(self) -> Features:
        """What turns images into features, for other metrics to share."""
        return self._network[0]

    @property
    def random_weights(self) -> bool:
        """Whether the images are looked at through a random Inception."""
        network = self._network[0]
        return isinstance(network, InceptionFeatures) and network.random_weights

    @property
    def note(self) -> str:
        """What has to stand beside the number for it to mean anything; may be empty."""
        if not isinstance(self._network[0], InceptionFeatures):
            return "own features: comparable with no other number"
        return RANDOM_WEIGHTS if self.random_weights else ""

    def prepare(self, *, download: bool = True) -> None:
        """Read Inception's weights now, so that missing ones fail early.

        Raises:
            InputError: If they are missing or unusable, see
                :func:`~flowcolor.pretrained.weights.find_weights`.
        """
        if isinstance(self._network[0], InceptionFeatures):
            self._network[0].prepare(download=download)

    @torch.no_grad()
    def features(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch dimensions"]:
        """Return the features of images, which several metrics can share; adds nothing."""
        require_tensors(type(self).__name__, images)
        with without_autocast(images):
            # A copy, since networks of somebody else may write to what they are given.
            return self._checked(self._network[0](images.clone()))

    def update(
        self,
        images: Float[Tensor, "batch 3 height width"],
        real: bool,
        features: Float[Tensor, "batch dimensions"] | None = None,
    ) -> None:
        """Add a batch.

        Args:
            images: Photographs or results, in [0, 1].
            real: Whether they are photographs.
            features: What :meth:`features` gave for this batch, if that is known already.

        Raises:
            ValueError: ``features`` is not one row of this length for each image.
        """
        count = length_of(type(self).__name__, images)
        check_flag(self, real=real)
        found = self.features(images) if features is None else self._checked(features)
        if len(found) != count:
            raise ValueError(
                f"`features` must hold one row for each of {count} images, got {len(found)}."
            )
        self._add(found, real)

    @abstractmethod
    def _declare(self) -> None:
        """Declare with ``add_state`` what is kept of the two sets."""

    @abstractmethod
    def _add(self, features: Float[Tensor, "batch dimensions"], real: bool) -> None:
        """Keep what is needed of some features."""

    def _checked(self, features: Tensor) -> Tensor:
        require_real(f"{type(self).__name__}'s features", features)
        if features.ndim != 2 or features.shape[1] != self.dimensions:
            raise ValueError(
                f"Features must have shape (batch, {self.dimensions}), "
                f"got {tuple(features.shape)}; `dimensions` sets the second."
            )
        return features
