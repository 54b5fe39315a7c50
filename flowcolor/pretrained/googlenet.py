"""The features that the perceptual distance compares: GoogLeNet, which is Inception v1."""

import logging
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.errors import InputError
from flowcolor.pretrained.weights import find_weights
from flowcolor.pretrained.whole_network import randomize, tensors_for
from flowcolor.values import require_colors

_log = logging.getLogger(__name__)

_SIDE = 224  # Of the images that the network was trained with.


class GoogLeNetFeatures:
    """The 1024 pooled features before the classifier of torchvision's GoogLeNet.

    Images are clamped, resized to 224 x 224 (bilinear, antialiased) and scaled to [-1, 1], as this
    network was trained. It is built at the first call, on the device of the images, frozen, in eval
    mode and in float32. As :class:`~flowcolor.metrics.InceptionFeatures` this is no module: the
    weights enter no checkpoint, copies share the network and a pickle leaves it behind.

    Args:
        path: The weights, as :func:`~flowcolor.pretrained.weights.find_weights` takes them: a
            ``.pth`` or ``.safetensors`` file. ``None`` means the torch hub cache, else a download
            of 50 MB.
        random_weights: Use random weights instead, the same in every process. What is measured
            with them cannot be compared with any other number.

    Raises:
        InputError: At the first call or :meth:`prepare`, if the weights are missing or unusable.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`.
        - output: :math:`(B, 1024)`, float32, not negative.

    Reference:
        Szegedy et al., "Going deeper with convolutions" (2015). https://arxiv.org/abs/1409.4842
    """

    label = f"1024 pooled features of torchvision's googlenet (Inception v1) at {_SIDE}x{_SIDE}"

    def __init__(self, path: str | Path | None = None, *, random_weights: bool = False) -> None:
        if random_weights and path is not None:
            raise InputError("`random_weights` must be off if googlenet weights are given.")
        self.path, self.random_weights = path, random_weights
        self._network: nn.Module | None = None

    def prepare(self, *, download: bool = True) -> nn.Module:
        """Find the weights, download them if need be, and read them now, not at the first call."""
        if self._network is not None:
            return self._network
        with torch.inference_mode(False), torch.no_grad():
            network = empty_googlenet()
            if self.random_weights:
                _log.warning("Random googlenet weights: comparable with no other number.")
                randomize(network)
            else:
                path = find_weights("googlenet", self.path, download=download)
                tensors = tensors_for(network, path, "torchvision's googlenet")
                network.load_state_dict(tensors, assign=True)
        self._network = network.eval().requires_grad_(False)
        return self._network

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 1024"]:
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(
                "GoogLeNetFeatures expects images of shape (batch, 3, height, width), "
                f"got {tuple(images.shape)}."
            )
        require_colors("GoogLeNetFeatures", images)
        network = self.prepare().to(images.device)
        with torch.autocast(images.device.type, enabled=False):
            size = (_SIDE, _SIDE)
            x = interpolate(images.float().clamp(0, 1), size, mode="bilinear", antialias=True)
            features: Tensor = network(2 * x - 1)
        return features

    def __deepcopy__(self, memo: dict[int, Any]) -> "GoogLeNetFeatures":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}


def empty_googlenet() -> nn.Module:
    """Build the network without memory and without what comes after the pooling."""
    # Local import: layers and models get by without torchvision.
    from torchvision.models import GoogLeNet  # type: ignore[import-untyped]

    with torch.device("meta"):
        network: nn.Module = GoogLeNet(aux_logits=False, init_weights=False)
    network.dropout = network.fc = nn.Identity()
    return network.float()
