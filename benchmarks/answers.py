"""Programs that read numbers, run on tensors that have none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torchvision import models  # type: ignore[import-untyped]

from benchmarks.live_bytes import fake
from flowcolor.layers.reversible.torch_private import DispatchMode


class _Answers(DispatchMode):
    """Say yes to every question, and 0 to who wants a number."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            kind = args[0].dtype
            return True if kind == torch.bool else 0.0 if kind.is_floating_point else 0
        return func(*args, **(kwargs or {}))


@contextmanager
def without_numbers() -> Iterator[None]:
    """Within, tensors have no numbers; checks of numbers pass, and counters begin at 0.

    Boxes, whose numbers are sizes of tensors, are the quarters of a picture. VGG's weights, which
    are drawn into a network that has no memory yet, are left as torchvision begins with them.
    """
    with (
        patch("flowcolor.models.instance.boxes_of", _quarters),
        patch("flowcolor.pretrained.vgg.empty_features", _features),
        patch("flowcolor.pretrained.vgg._randomize"),
        fake(),
        _Answers(),
    ):
        yield


def _features(name: str) -> nn.Sequential:
    features: nn.Sequential = getattr(models, name)().features
    return features


def _quarters(content: Tensor, find: str) -> list[Any]:
    height, width = content.shape[2] / 2, content.shape[3] / 2
    corners = [(left, top) for top in (0.0, height) for left in (0.0, width)]
    # Lists, because a tensor would not remember them.
    boxes = [[left, top, left + width, top + height] for left, top in corners]
    return [boxes if find != "none" else []] * len(content)
