"""The features that the perceptual distance compares: GoogLeNet, which is Inception v1."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.pretrained.whole_network import WholeNetwork
from flowcolor.values import without_autocast

_SIDE = 224  # Of the images that the network was trained with.


class GoogLeNetFeatures(WholeNetwork):
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

    name = "googlenet"
    description = "torchvision's googlenet"
    label = f"1024 pooled features of torchvision's googlenet (Inception v1) at {_SIDE}x{_SIDE}"

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 1024"]:
        network = self._network_for(images)
        with without_autocast(images):
            size = (_SIDE, _SIDE)
            x = interpolate(images.float().clamp(0, 1), size, mode="bilinear", antialias=True)
            features: Tensor = network(2 * x - 1)
        return features

    def _empty(self) -> nn.Module:
        return empty_googlenet()


def empty_googlenet() -> nn.Module:
    """Build the network without memory and without what comes after the pooling."""
    # Local import: layers and models get by without torchvision.
    from torchvision.models import GoogLeNet  # type: ignore[import-untyped]

    with torch.device("meta"):
        network: nn.Module = GoogLeNet(aux_logits=False, init_weights=False)
    network.dropout = network.fc = nn.Identity()
    return network.float()
