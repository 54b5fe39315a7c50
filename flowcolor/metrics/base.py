"""What metrics that score one image at a time have in common."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torchmetrics import Metric

from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.values import length_of, require_colors, require_real, require_tensors

RANDOM_WEIGHTS = "random weights: comparable with no other number"


class SeparateMetric(Metric):
    """A metric that torchmetrics' ``MetricCollection`` takes for no other.

    A collection lets metrics whose states are equal after its first batch share one for ever, as
    SSIM and MS-SSIM of a result without a fault. Here one state is NaN, which equals nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.add_state("separate", torch.tensor(torch.nan), dist_reduce_fx="sum")

    def persistent(self, mode: bool = False) -> None:
        """Say whether states get into a checkpoint; the one that tells metrics apart never does."""
        super().persistent(mode)
        self._persistent["separate"] = False


class ImageMetric(SeparateMetric, ABC):
    """A number per image, averaged over all images, on any number of processes.

    A subclass implements :meth:`per_image`. Sum and count are all that is kept, in float64, so
    that neither the size of a batch nor the share of a process has a weight.

    Shape:
        - ``result``, ``other``: :math:`(B, 3, H, W)` in :math:`[0, 1]`; values outside are clamped,
          far outside refused.
        - output: a dictionary of one float64 scalar, named :attr:`name`; NaN without images.
    """

    name: ClassVar[str]
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    @abstractmethod
    def per_image(
        self,
        result: Float[Tensor, "batch 3 height width"],
        other: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, " batch"]:
        """Return the number of each image; nothing is added to the average."""

    @property
    def random_weights(self) -> bool:
        """Whether the images are looked at through a random network."""
        return False

    @property
    def note(self) -> str:
        """What has to stand beside the number for it to mean anything; may be empty."""
        return ""

    def prepare(self, *, download: bool = True) -> None:
        """Read the weights that this metric looks through, if any, so that missing ones fail early.

        Raises:
            InputError: If they are missing or unusable, see
                :func:`~flowcolor.pretrained.weights.find_weights`.
        """

    def update(
        self,
        result: Float[Tensor, "batch 3 height width"],
        other: Float[Tensor, "batch 3 height width"],
        values: Float[Tensor, " batch"] | None = None,
    ) -> None:
        """Add a batch.

        Args:
            result: The painted images.
            other: What each of them is compared with.
            values: What :meth:`per_image` gave for this batch, if that is known already.

        Raises:
            ValueError: ``values`` is not one real number for each image.
        """
        values = self.per_image(result, other) if values is None else values
        name = f"{type(self).__name__}.update"
        count = length_of(name, result)
        require_real(name, values)
        if values.shape != (count,):
            raise ValueError(
                f"`values` must hold one number for each of {count} images, "
                f"got shape {tuple(values.shape)}."
            )
        # Not in place: a module around may have been converted to half precision, states included,
        # and states that were reset in inference mode cannot be written to outside.
        self.total = self.total + values.double().sum()
        self.count = self.count + count

    def compute(self) -> dict[str, Tensor]:
        """Average over all images; NaN if there were none."""
        return {self.name: self.total / self.count}


class ActivationMetric(ImageMetric, ABC):
    """A number per image that is measured through the activations of a pretrained network.

    The network is read when it is needed first, and is neither a submodule nor a state: none of
    it gets into a checkpoint.

    Args:
        activations: The network and its layers.
    """

    def __init__(self, activations: VGGActivations) -> None:
        super().__init__()
        self.activations = activations

    @property
    def random_weights(self) -> bool:
        """Whether the images are looked at through a random network."""
        return self.activations.random_weights

    @property
    def note(self) -> str:
        """Which layers of which network, and whether its weights are random or tuned."""
        layers = f"{', '.join(self.activations.layers)} of {self.activations.label}"
        return f"{layers}; {RANDOM_WEIGHTS}" if self.random_weights else layers

    def prepare(self, *, download: bool = True) -> None:
        self.activations.prepare(download=download)


def comparable(
    name: str, result: Tensor, other: Tensor, smallest: int = 1
) -> tuple[Float[Tensor, "batch 3 height width"], Float[Tensor, "batch 3 height width"]]:
    """Return both batches clamped to [0, 1], in float32 or wider.

    Raises:
        ValueError: If they are no float images of one shape with sides of at least ``smallest``,
            or have values far outside [0, 1]; ``name`` begins the message.
    """
    require_tensors(name, result, other)
    good = result.ndim == 4 and result.shape[1] == 3 and min(result.shape[2:]) >= smallest
    if not good or other.shape != result.shape:
        raise ValueError(
            f"{name} expects two batches of shape (batch, 3, height, width) with sides of at "
            f"least {smallest}, got {tuple(result.shape)} and {tuple(other.shape)}."
        )
    require_colors(name, result, other)
    dtype = torch.promote_types(torch.promote_types(result.dtype, other.dtype), torch.float32)
    return result.to(dtype).clamp(0, 1), other.to(dtype).clamp(0, 1)
