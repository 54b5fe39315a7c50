"""Variants of a drawing that show the same thing: bolder, or with parts missing."""

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d


def bold(drawing: Tensor) -> Tensor:
    """Return drawings whose lines are a pixel wider on each side.

    Example:
        >>> paper = torch.ones(1, 3, 5, 5)
        >>> paper[:, :, 2, 2] = 0
        >>> int((bold(paper) == 0).sum()) // 3
        9
    """
    return -max_pool2d(-drawing, 3, 1, 1)


def erased(drawing: Tensor, boxes: int = 2, share: float = 0.8) -> Tensor:
    """Return drawings with white boxes.

    Args:
        drawing: :math:`(B, 3, H, W)`.
        boxes: How many at most.
        share: How likely each of them is. Its sides are an eighth to a third of the drawing's.
    """
    device = drawing.device
    batch, _, height, width = drawing.shape
    rows = torch.arange(height, device=device)[:, None] / height
    columns = torch.arange(width, device=device) / width
    for _ in range(boxes):
        top, left, tall, wide, chance = torch.rand(5, batch, 1, 1, device=device)
        tall, wide = 1 / 8 + tall * (1 / 3 - 1 / 8), 1 / 8 + wide * (1 / 3 - 1 / 8)
        top, left = top * (1 - tall), left * (1 - wide)
        inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
        drawing = torch.where((inside & (chance < share))[:, None], 1.0, drawing)
    return drawing
