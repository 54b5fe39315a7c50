"""What VGG16 takes pictures for, as the knowledge that another network learns from."""

from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.pretrained.vgg import IMAGENET_MEAN, IMAGENET_STD
from flowcolor.pretrained.weights import cached_path, find_weights, load_tensors


class VGGClasses:
    """Say how likely each of ImageNet's 1000 classes is in a picture.

    The network is read at the first call, on the device of the images, frozen and in eval mode. It
    is no :class:`torch.nn.Module`, so that none of its 528 MiB come into a checkpoint.

    Args:
        path: VGG16's weights, all of them. ``None`` means the torch hub cache, else a download.

    Attributes:
        classes: How many there are.

    Shape:
        - images: :math:`(B, 3, H, W)` in [0, 1], sides of at least 32.
        - output: :math:`(B, 1000)`, each row adds up to 1.

    Raises:
        InputError: At the first call or :meth:`prepare`, if the weights are missing or unusable.
    """

    classes: int = 1000

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = path
        self._network: nn.Module | None = None

    def prepare(self) -> nn.Module:
        """Find the weights and read them now, not at the first call."""
        if self._network is None:
            # The features alone, which the cache may also have, know no classes.
            whole = cached_path("vgg16")
            given = whole if self.path is None and is_file(whole) else self.path
            file = find_weights("vgg16", given)
            self._network = _filled(load_tensors(file), file)
        return self._network

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch classes"]:
        network = self.prepare().to(images.device)
        x = images.float()
        mean, std = (x.new_tensor(value).view(3, 1, 1) for value in (IMAGENET_MEAN, IMAGENET_STD))
        probabilities: Tensor = network((x - mean) / std).softmax(1)
        return probabilities

    def __deepcopy__(self, memo: dict[int, Any]) -> "VGGClasses":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_network": None}


def _filled(tensors: dict[str, Tensor], path: Path) -> nn.Module:
    from torchvision import models  # type: ignore[import-untyped]

    with torch.device("meta"):
        network: nn.Module = models.vgg16()
    for key, expected in network.state_dict().items():
        found = tensors.get(key)
        if found is None or found.shape != expected.shape:
            shape = "nothing" if found is None else str(tuple(found.shape))
            raise InputError(
                f"{str(path)!r} must hold the weights of `{key}` {tuple(expected.shape)}, "
                f"got {shape}."
            )
    wanted = {key: tensors[key].float() for key in network.state_dict()}
    network.load_state_dict(wanted, assign=True)
    return network.eval().requires_grad_(False)
