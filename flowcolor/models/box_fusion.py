r"""Features of objects, laid over those of the whole picture where the objects are."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.values import widen

Fusion = Literal["masked", "letter"]
Box = tuple[int, int, int, int]

_HIDDEN = 16


class BoxFusion(nn.Module):
    r"""Weigh each object's features against those of the whole, at every place anew.

    .. math:: f = \sum_{k=0}^{n} \mathrm{softmax}_k(\ell)\, f_k

    :math:`f_0` are the features of the whole picture and :math:`\ell_0` their logits; :math:`f_k`
    and :math:`\ell_k` those of object :math:`k`, resized to its box. Logits are three convolutions
    of the features. Outside of its box an object's logit is :math:`-\infty`, so it has no weight,
    and where no box is, :math:`f = f_0` exactly.

    Args:
        channels: Of the features.
        fusion: ``"letter"`` puts 0 for the logits and the features outside of a box, as published:
            an object then takes weight where it is not and gives nothing for it. With all logits
            alike, features of ones come out as 2/3 inside one of two boxes and as 1/3 inside one of
            five. Its logits also end with a ReLU, below which nothing learns any more.

    Shape:
        - ``whole``: :math:`(1, C, H, W)`.
        - ``objects``: :math:`(n, C, H', W')`.

    Reference:
        Su et al., "Instance-aware image colorization" (2020), section 3.4.
        https://arxiv.org/abs/2005.10825

    Example:
        >>> net = BoxFusion(4)
        >>> net(torch.ones(1, 4, 8, 8), torch.ones(1, 4, 8, 8), [(0, 0, 4, 4)]).shape
        torch.Size([1, 4, 8, 8])
    """

    def __init__(self, channels: int, fusion: Fusion = "masked") -> None:
        super().__init__()
        letter = fusion == "letter"
        self.outside = 0.0 if letter else -math.inf
        self.of_whole = _logits(channels, letter=letter)
        self.of_objects = _logits(channels, letter=letter)

    def forward(self, whole: Tensor, objects: Tensor, boxes: Sequence[Box]) -> Tensor:
        """Return the weighted features.

        Args:
            whole: Features of the picture.
            objects: Features of each object.
            boxes: Where it is: left, top, right, bottom, in pixels of ``whole``.
        """
        if not boxes:
            return whole
        shape = (len(boxes), 1, *whole.shape[2:])
        logits = whole.new_full(shape, self.outside)
        features = whole.new_zeros(len(boxes), *whole.shape[1:])
        both = torch.cat([self.of_objects(objects), objects], 1)
        for k, (left, top, right, bottom) in enumerate(boxes):
            inside = interpolate(both[k : k + 1], (bottom - top, right - left), mode="bilinear")
            logits[k : k + 1, :, top:bottom, left:right] = inside[:, :1]
            features[k : k + 1, :, top:bottom, left:right] = inside[:, 1:]
        weights = widen(torch.cat([self.of_whole(whole), logits])).softmax(0).to(whole.dtype)
        return (weights * torch.cat([whole, features])).sum(0, keepdim=True)


def whole_pixels(box: Tensor, picture: tuple[int, int], size: tuple[int, int]) -> Box:
    """Return a box of a picture in whole pixels of its features: nearest edges, never empty.

    Args:
        box: Left, top, right and bottom in pixels of the picture.
        picture: Height and width of the picture.
        size: Height and width of the features.

    Example:
        >>> whole_pixels(torch.tensor([4.0, 9.0, 9.0, 10.0]), (16, 16), (4, 4))
        (1, 2, 2, 3)
    """
    left, right = _edges(float(box[0]), float(box[2]), size[1] / picture[1], size[1])
    top, bottom = _edges(float(box[1]), float(box[3]), size[0] / picture[0], size[0])
    return left, top, right, bottom


def _edges(start: float, end: float, scale: float, limit: int) -> tuple[int, int]:
    first = min(math.floor(start * scale + 0.5), limit - 1)
    return first, min(max(math.floor(end * scale + 0.5), first + 1), limit)


def _logits(channels: int, *, letter: bool) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, _HIDDEN, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(_HIDDEN, _HIDDEN, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(_HIDDEN, 1, 3, padding=1),
        *([nn.ReLU()] if letter else []),
    )
