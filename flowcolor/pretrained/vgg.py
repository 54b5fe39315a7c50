"""Activations of a frozen VGG, for losses and metrics that compare images through it."""

import copy
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_flag, check_list, check_path, check_word
from flowcolor.errors import InputError
from flowcolor.io.files import from_home
from flowcolor.layers.reversible.torch_private import outside_transforms
from flowcolor.pretrained.fitting import fitting
from flowcolor.pretrained.weights import cached_file, find_weights, load_tensors, weights_note
from flowcolor.values import require_floats

_log = logging.getLogger(__name__)

# ImageNet's statistics, as every torchvision classifier was trained with.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Network = Literal["alexnet", "vgg16", "vgg19"]


class VGGActivations:
    r"""Activations :math:`\phi_i(x)` of the convolutional part of VGG or AlexNet, by layer name.

    The network is built at the first call, on the device of the images, frozen and in eval mode.
    This class is no :class:`torch.nn.Module` on purpose: a module that owns one has none of its
    56 MiB among its parameters, in its state dict or in a checkpoint. Copies share the network and
    a pickle leaves it behind, to be read again at the next call.

    Images are normalised with the mean and standard deviation of ImageNet. Half precision is
    widened to float32 first (autocast still applies inside the network), float64 stays.

    Args:
        layers: Names such as ``"relu1_2"``: the second convolution of the first block, after its
            activation. In VGG16's ``features`` relu1_2, 2_2, 3_3, 4_3, 5_3 are the modules
            3, 8, 15, 22, 29; AlexNet has relu1_1, 2_1, 3_1, 3_2, 3_3.
        name: Which network.
        path: Its weights, as :func:`~flowcolor.pretrained.weights.find_weights` takes them: the
            whole network or only ``features`` (56 MiB instead of 528), ``.pth`` or
            ``.safetensors``.
        random_weights: Use random weights instead, the same in every process. What is measured
            with them cannot be compared with any other number.
        option: What the user calls ``path``, for the error message; ``None`` means ``name``.

    Raises:
        InputError: At the first call or :meth:`prepare`, if the weights are missing or unusable.
        ValueError: There is no such network, no layer is named, or the images are no floats.

    Shape:
        - ``images``: :math:`(B, 3, H, W)` in :math:`[0, 1]`, sides of at least 16 for relu5_3.
        - output: one :math:`(B, C_i, H_i, W_i)` per layer, in the order of the network.
    """

    def __init__(
        self,
        layers: Sequence[str],
        name: Network = "vgg16",
        path: str | Path | None = None,
        *,
        random_weights: bool = False,
        option: str | None = None,
    ) -> None:
        check_flag(self, random_weights=random_weights)
        check_list(self, layers=layers)
        if not layers:
            raise ValueError(
                "VGGActivations expects layers to name an activation or more, got none."
            )
        check_choice(self, name=(name, Network))
        check_word(self, option=option)
        check_path(self, **{option or name: path})
        if random_weights and path is not None:
            raise InputError(f"`random_weights` must be off if {name} weights are given.")
        self.layers, self.name, self.path = tuple(layers), name, path
        self.random_weights, self.option = random_weights, option
        self._network: nn.Sequential | None = None
        self.positions: frozenset[int] = frozenset()

    def prepare(self, *, download: bool = True) -> nn.Sequential:
        """Find the weights, download them if need be, and read them now, not at the first call."""
        if self._network is not None:
            return self._network
        # The first call may come from validation, and inference tensors could never train.
        with torch.inference_mode(False), torch.no_grad(), outside_transforms():
            features = empty_features(self.name)
            names = _relu_names(features)
            unknown = [layer for layer in self.layers if layer not in list(names)]
            if unknown:
                raise InputError(
                    f"`layers` must name activations of {self.name}, {', '.join(names)}, got "
                    f"{', '.join(map(repr, unknown))}."
                )
            if self.random_weights:
                _log.warning("Random %s weights: comparable with no other number.", self.name)
                _randomize(features)
            else:
                path = find_weights(self.name, self.path, download=download, option=self.option)
                if weights_note(path):
                    _log.warning("%s: %s, %s.", path, self.name, weights_note(path))
                tensors = features_only(load_tensors(path), features, path)
                features.load_state_dict(tensors, assign=True)
            self.positions = frozenset(names[layer] for layer in self.layers)
            self._network = features[: max(self.positions) + 1].eval().requires_grad_(False)
        return self._network

    def __call__(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> list[Float[Tensor, "batch _ _ _"]]:
        require_floats("VGGActivations", images)
        network = self.network_like(images)
        x = self.normalize(images)
        activations = []
        for position, module in enumerate(network):
            x = module(x)
            if position in self.positions:
                activations.append(x)
        return activations

    def normalize(self, images: Tensor) -> Tensor:
        """Bring images into the range that the network was trained with, float32 or wider."""
        x = images.to(torch.promote_types(images.dtype, torch.float32))
        mean, std = (x.new_tensor(value).view(3, 1, 1) for value in (IMAGENET_MEAN, IMAGENET_STD))
        return (x - mean) / std

    def undo_normalize(self, gradient: Tensor) -> Tensor:
        """Take a gradient back through :meth:`normalize`."""
        return gradient / gradient.new_tensor(IMAGENET_STD).view(3, 1, 1)

    def network_like(self, images: Tensor) -> nn.Sequential:
        """Return the network, up to its last layer of interest, where and as wide as images are."""
        network = self.prepare()
        if images.is_meta:  # Moved there, the network would lose its weights.
            return copy.deepcopy(network).to("meta")
        wanted = images.device, torch.promote_types(images.dtype, torch.float32)
        parameter = next(network.parameters())
        if (parameter.device, parameter.dtype) != wanted:
            with torch.inference_mode(False), outside_transforms():
                network.to(*wanted)
        return network

    @property
    def label(self) -> str:
        """The network, and what has to stand beside its numbers: of which weights they are.

        Example:
            >>> VGGActivations(["relu1_2"], random_weights=True).label
            'vgg16'
        """
        file = None if self.random_weights else self.path or cached_file(self.name)
        note = weights_note(from_home(file)) if file is not None else ""
        return f"{self.name} {note}".strip()

    def __deepcopy__(self, memo: dict[int, Any]) -> "VGGActivations":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}

    def __repr__(self) -> str:
        weights = "random" if self.random_weights else self.path or "pretrained"
        return f"{self.label} ({weights}): {', '.join(self.layers)}"


def empty_features(name: str) -> nn.Sequential:
    """Build the convolutional part without memory; the whole network would take 528 MiB."""
    # Local import: layers and models get by without torchvision.
    from torchvision import models  # type: ignore[import-untyped]

    with torch.device("meta"):
        features: nn.Sequential = getattr(models, name)().features
    return features.float()


def _relu_names(features: nn.Sequential) -> dict[str, int]:
    """Map ``"relu<block>_<convolution>"`` to positions; a pooling ends a block."""
    names, block, convolution = {}, 1, 0
    for position, module in enumerate(features):
        if isinstance(module, nn.Conv2d):
            convolution += 1
        elif isinstance(module, nn.ReLU):
            names[f"relu{block}_{convolution}"] = position
        else:
            block, convolution = block + 1, 0
    return names


def _randomize(features: nn.Sequential) -> None:
    """Draw weights as torchvision does, from a generator of their own: the same on every rank."""
    features.to_empty(device="cpu")
    generator = torch.Generator("cpu").manual_seed(0)
    for module in features:
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
            nn.init.zeros_(module.bias)


def features_only(
    found: dict[str, Tensor], features: nn.Sequential, path: Path
) -> dict[str, Tensor]:
    """Pick the tensors of ``features`` from those of the whole network or of that part alone.

    Args:
        found: What ``path`` holds.
        features: The part that is wanted, see :func:`empty_features`.
        path: For the error message.

    Raises:
        InputError: If a tensor is missing, of another shape, or not finite.
    """
    return fitting(found, features, path, part="features.")
