"""Boxes around the objects of a picture, where nobody gives any."""

from typing import Literal

import torch
from torch import Tensor

from flowcolor.arguments import check_choice
from flowcolor.values import require_floats

Find = Literal["none", "quadrants", "detector"]


def quadrants(height: int, width: int) -> Tensor:
    """Return the four quarters of a picture as boxes, for pictures of which nothing is known.

    Example:
        >>> quadrants(8, 16).tolist()[-1]
        [8.0, 4.0, 16.0, 8.0]
    """
    x, y = width / 2, height / 2
    corners = [(0.0, 0.0), (x, 0.0), (0.0, y), (x, y)]
    boxes = [(left, top, left + x, top + y) for left, top in corners]
    return torch.tensor(boxes, device="cpu")


def boxes_of(content: Tensor, find: Find) -> list[Tensor]:
    """Return boxes for each picture of a batch.

    Args:
        content: Grey photographs, :math:`(B, 3, H, W)`.
        find: ``"none"``: there are none; ``"quadrants"``: four of each picture; ``"detector"``: see
            :func:`~flowcolor.pretrained.detector.detect`.

    Raises:
        InputError: The detector's weights are missing.
        ValueError: There is no such way, or the content is no float images of that shape.
    """
    check_choice(boxes_of, find=(find, Find))
    require_floats("boxes_of", content)
    if content.ndim != 4 or content.shape[1] != 3:
        raise ValueError(
            "boxes_of expects content of shape (batch, 3, height, width), got "
            f"{tuple(content.shape)}."
        )
    if find == "quadrants":
        boxes = quadrants(*content.shape[2:]).to(content.device)
        return [boxes] * len(content)
    if find == "detector":
        # Here: boxes that are given need no detector.
        from flowcolor.pretrained.detector import detect

        return detect(content)
    return [content.new_zeros(0, 4)] * len(content)
