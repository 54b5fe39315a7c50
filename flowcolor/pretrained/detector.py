"""Boxes around what torchvision's detector knows: 80 kinds of things, people among them."""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.pretrained.fitting import fitting
from flowcolor.pretrained.weights import load_tensors, weights_folder

FILE = "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"

_SURE, _MOST = 0.7, 8


@torch.no_grad()
def detect(content: Tensor) -> list[Tensor]:
    """Return the boxes of up to eight objects of each picture, those that are surest.

    The detector is torchvision's Mask R-CNN (44 M parameters), read from the torch hub cache; it is
    never downloaded. What is less likely than 0.7 is left out. Of a face it knows no parts: it
    finds a person.

    Args:
        content: Grey photographs, :math:`(B, 3, H, W)` in [0, 1].

    Returns:
        For each picture its boxes :math:`(N, 4)`: left, top, right, bottom.

    Raises:
        InputError: The weights are missing, or those of another network, or damaged.
    """
    network = _network(require_detector()).to(content.device)
    height, width = content.shape[2:]
    limit = torch.tensor([width, height, width, height], device=content.device)
    boxes = []
    for found in network(list(content.detach().float().clamp(0, 1))):
        best = found["scores"].argsort(descending=True)[:_MOST]
        best = best[found["scores"][best] > _SURE]
        box = found["boxes"][best].clamp(min=0).minimum(limit)
        boxes.append(box[(box[:, 2:] - box[:, :2] >= 1).all(1)])
    return boxes


def require_detector() -> Path:
    """Return the file of the detector's weights.

    Raises:
        InputError: There is none.
    """
    path = weights_folder() / FILE
    if not is_file(path):
        raise InputError(
            "The detector's weights are missing, and flowcolor does not download them: put those "
            f"of torchvision's Mask R-CNN at {path}, or choose find=quadrants."
        )
    return path


@lru_cache(maxsize=1)
def _network(path: Path) -> nn.Module:
    from torchvision.models.detection import (  # type: ignore[import-untyped]
        maskrcnn_resnet50_fpn,
    )

    network: nn.Module = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    network.load_state_dict(fitting(load_tensors(path), network, path, "torchvision's Mask R-CNN"))
    return network.eval().requires_grad_(False)
