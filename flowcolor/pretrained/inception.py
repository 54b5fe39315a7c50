"""The features that FID and KID compare: Inception v3 as it was released in December 2015."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d
from torchvision.models import inception  # type: ignore[import-untyped]

from flowcolor.pretrained.whole_network import WholeNetwork
from flowcolor.values import without_autocast

_SIDE = 299  # Of the images that the network was trained with.
_CLASSES = 1008


class InceptionFeatures(WholeNetwork):
    """The 2048 features before the classifier of the Inception v3 that FID was defined with.

    That network is not torchvision's: its weights are others, its average pooling leaves the
    padding out, and its last block pools by maximum. Images are clamped, rounded to 256 levels as
    an image file would have them, and resized to 299 x 299 as TensorFlow 1 did: bilinear, without
    antialiasing, pixel 0 on pixel 0. Features of these very weights agree with torch-fidelity's.

    The network is built at the first call, on the device of the images, frozen, in eval mode and
    in float32. Like :class:`~flowcolor.pretrained.vgg.VGGActivations` this is no module, so that
    the weights enter no checkpoint; copies share the network and a pickle leaves it behind.

    The trap: any resizing before, to 256 or to 299 pixels, with another filter or with
    antialiasing, moves FID (Parmar et al., 2022, https://arxiv.org/abs/2104.11222). Give results
    and photographs at one size, prepared in one way, and name the size.

    Args:
        path: The weights, as :func:`~flowcolor.pretrained.weights.find_weights` takes them: a
            ``.pth`` or ``.safetensors`` file. ``None`` means the torch hub cache, else a download
            of 91 MB.
        random_weights: Use random weights instead, the same in every process. What is measured
            with them cannot be compared with any other number.

    Raises:
        InputError: At the first call or :meth:`prepare`, if the weights are missing or unusable.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`.
        - output: :math:`(B, 2048)`, float32, not negative.

    Reference:
        Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
        equilibrium" (2017), whose published code fixed network and resizing.
        https://arxiv.org/abs/1706.08500
    """

    name = "inception"
    description = "FID's Inception"
    _classifier: Tensor | None = None

    def prepare(self, *, download: bool = True) -> nn.Module:
        """Find the weights, download them if need be, and read them now, not at the first call."""
        network = super().prepare(download=download)
        if self._classifier is None:
            self._classifier = network.get_parameter("fc.weight").detach()
            network.fc = nn.Identity()
        return network

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch 2048"]:
        network = self._network_for(images)
        levels = (images.float().clamp(0, 1) * 255).round()
        with without_autocast(images):
            features: Tensor = network((resize_like_tensorflow(levels, _SIDE) - 128) / 128)
        return features

    @torch.no_grad()
    def logits(self, features: Float[Tensor, "batch 2048"]) -> Float[Tensor, "batch 1008"]:
        r"""Return :math:`W \phi`, the classes without their bias, for the inception score.

        Its original leaves the bias of the last layer out, and so do all who compare with it.
        """
        self.prepare()
        assert self._classifier is not None  # noqa: S101 - prepare has set it
        with without_autocast(features):
            return features.float() @ self._classifier.to(features.device).mT

    def _empty(self) -> nn.Module:
        with torch.device("meta"):
            return _empty_network()

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_classifier": None}


def resize_like_tensorflow(
    images: Float[Tensor, "batch channels height width"], side: int
) -> Float[Tensor, "batch channels {side} {side}"]:
    r"""Resize to ``side`` x ``side`` as TensorFlow 1 did by default.

    Bilinear between the two nearest pixels, the source of pixel :math:`i` being
    :math:`i \cdot H / \text{side}`: corners are aligned at 0 only, and nothing is averaged when an
    image shrinks.
    """
    for axis in (2, 3):
        length = images.shape[axis]
        source = torch.arange(side, device=images.device, dtype=images.dtype) * (length / side)
        low = source.long()
        high = (low + 1).clamp(max=length - 1)
        share = (source - low).view(-1, 1) if axis == 2 else source - low
        below, above = images.index_select(axis, low), images.index_select(axis, high)
        images = below + (above - below) * share
    return images


def _average(x: Tensor) -> Tensor:
    return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _maximum(x: Tensor) -> Tensor:
    return max_pool2d(x, 3, stride=1, padding=1)


class _BlockA(inception.InceptionA):  # type: ignore[misc]
    def _forward(self, x: Tensor) -> list[Tensor]:
        return [*super()._forward(x)[:-1], self.branch_pool(_average(x))]


class _BlockC(inception.InceptionC):  # type: ignore[misc]
    def _forward(self, x: Tensor) -> list[Tensor]:
        return [*super()._forward(x)[:-1], self.branch_pool(_average(x))]


class _BlockE(inception.InceptionE):  # type: ignore[misc]
    def __init__(self, in_channels: int) -> None:
        super().__init__(in_channels)
        self.pool = _maximum if in_channels == 2048 else _average  # The last block has 2048.

    def _forward(self, x: Tensor) -> list[Tensor]:
        return [*super()._forward(x)[:-1], self.branch_pool(self.pool(x))]


def _empty_network() -> nn.Module:
    blocks = [
        inception.BasicConv2d, _BlockA, inception.InceptionB, _BlockC, inception.InceptionD,
        _BlockE, inception.InceptionAux,
    ]  # fmt: skip
    network: nn.Module = inception.Inception3(
        _CLASSES, aux_logits=False, inception_blocks=blocks, init_weights=False
    )
    return network.float()
