"""Whole classifiers that metrics look through: their weights from a file, or random ones."""

import copy
import logging
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_flag, check_path
from flowcolor.errors import InputError
from flowcolor.layers.reversible.torch_private import outside_transforms
from flowcolor.pretrained.fitting import fitting
from flowcolor.pretrained.weights import find_weights, load_tensors
from flowcolor.values import require_colors

_log = logging.getLogger(__name__)
Kind = TypeVar("Kind", bound="WholeNetwork")  # Not `Self`: checks at run time cannot read it.


class WholeNetwork(ABC):
    """A frozen classifier whose features a metric compares; a subclass says which.

    It is built at the first call, on the device of the images, in eval mode and in float32. It is
    no module, so that the weights enter no checkpoint; copies share the network and a pickle leaves
    it behind.

    Args:
        path: The weights, as :func:`~flowcolor.pretrained.weights.find_weights` takes them.
        random_weights: Use random weights instead, the same in every process.

    Attributes:
        name: That of the weights, a key of :data:`~flowcolor.pretrained.weights.WEIGHTS`.
        description: The network in messages.

    Raises:
        InputError: At once, if weights are given and random ones are asked for; at
            :meth:`prepare`, if the weights are missing or unusable.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    def __init__(self, path: str | Path | None = None, *, random_weights: bool = False) -> None:
        check_flag(self, random_weights=random_weights)
        check_path(self, path=path)
        if random_weights and path is not None:
            raise InputError(f"`random_weights` must be off if {self.name} weights are given.")
        self.path, self.random_weights = path, random_weights
        self._network: nn.Module | None = None

    def prepare(self, *, download: bool = True) -> nn.Module:
        """Find the weights, download them if need be, and read them now, not at the first call."""
        if self._network is not None:
            return self._network
        # The first call may come from validation, and inference tensors could never train.
        with torch.inference_mode(False), torch.no_grad(), outside_transforms():
            network = self._empty()
            if self.random_weights:
                _log.warning("Random %s weights: comparable with no other number.", self.name)
                randomize(network)
            else:
                path = find_weights(self.name, self.path, download=download)
                tensors = fitting(load_tensors(path), network, path, self.description)
                network.load_state_dict(tensors, assign=True)
            self._network = network.eval().requires_grad_(False)
        return self._network

    @abstractmethod
    def _empty(self) -> nn.Module:
        """Build the network without memory."""

    def _network_for(self, images: Tensor) -> nn.Module:
        """Return the network on the device of images, which are refused if it cannot see them."""
        name = type(self).__name__
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(
                f"{name} expects images of shape (batch, 3, height, width), "
                f"got {tuple(images.shape)}."
            )
        require_colors(name, images)
        network = self.prepare()
        if images.is_meta:  # Moved there, the network would lose its weights.
            return copy.deepcopy(network).to("meta")
        return network.to(images.device)

    def __deepcopy__(self: Kind, memo: dict[int, Any]) -> Kind:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}


def randomize(network: nn.Module) -> None:
    """Draw weights that keep the size of activations, from a generator of their own."""
    network.to_empty(device="cpu")
    generator = torch.Generator("cpu").manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            deviation = math.sqrt(2 / module.weight[0].numel())
            module.weight.normal_(0, deviation, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            module.weight.normal_(0, module.in_features**-0.5, generator=generator)
            module.bias.zero_()
