"""Boxes around the objects of a picture: what they must be, and how they go with their picture."""

from collections.abc import Sequence

import torch
from torch import Tensor

from flowcolor.arguments import check_list
from flowcolor.layers.reversible.torch_private import is_mapped
from flowcolor.values import require_real


def check_boxes_of_all(owner: object, boxes: Sequence[Tensor], pictures: Tensor) -> None:
    """Refuse what are no boxes for each of some pictures.

    Args:
        owner: Who refuses; its class begins the message.
        boxes: For each picture its boxes :math:`(N, 4)` in pixels: left, top, right, bottom.
        pictures: :math:`(B, C, H, W)`.

    Raises:
        ValueError: They are no list, of another number, or :func:`check_boxes` refuses one.
    """
    check_list(owner, boxes=boxes)
    name, count = type(owner).__name__, pictures.shape[0]
    if len(boxes) != count:
        raise ValueError(f"{name} expects boxes for each of {count} samples, got {len(boxes)}.")
    check_boxes(boxes, pictures.shape[2], pictures.shape[3], name)


def check_boxes(boxes: Sequence[Tensor], height: int, width: int, name: str = "Hints") -> None:
    """Refuse what is no list of boxes in a picture of this size.

    Args:
        boxes: For each sample its boxes :math:`(N, 4)` in pixels: left, top, right, bottom.
        height: Height of the picture.
        width: Width of the picture.
        name: Who refuses; it begins the message.

    Raises:
        ValueError: One sentence that names the first box which is none.

    Example:
        >>> check_boxes([torch.tensor([[2, 1, 9, 6]])], height=8, width=8)
        Traceback (most recent call last):
        ValueError: Hints expects boxes inside the picture, 8x8, got 2, 1, 9, 6.
    """
    for sample in boxes:
        require_real(f"{name} with boxes", sample)
        if sample.ndim != 2 or sample.shape[1] != 4:
            raise ValueError(
                f"{name} expects the boxes of each sample as a tensor of shape (number, 4), got "
                f"{tuple(sample.shape)}."
            )
        if is_mapped(sample):  # Nothing can be asked of its values.
            continue
        left, top, right, bottom = sample.unbind(1)
        # Written so that NaN, for which every comparison is false, is refused, too.
        for problem, fine in (
            ("with left before right and top above bottom", (left < right) & (top < bottom)),
            (
                f"inside the picture, {width}x{height}",
                (left >= 0) & (top >= 0) & (right <= width) & (bottom <= height),
            ),
        ):
            if not bool(fine.all()):
                wrong = sample[int((~fine).nonzero()[0])].tolist()
                raise ValueError(
                    f"{name} expects boxes {problem}, got {', '.join(f'{x:g}' for x in wrong)}."
                )


def resize_boxes(
    boxes: Sequence[Tensor], old: tuple[int, int], new: tuple[int, int]
) -> list[Tensor]:
    """Return the boxes of a picture of another height and width.

    Example:
        >>> resize_boxes([torch.tensor([[4, 2, 8, 6]])], (8, 16), (4, 16))[0].tolist()
        [[4.0, 1.0, 8.0, 3.0]]
    """
    scale = torch.tensor([new[1] / old[1], new[0] / old[0]]).repeat(2)
    limit = torch.tensor([new[1], new[0]]).repeat(2)
    # A product that rounds upwards would lie outside of the picture.
    return [(box * scale.to(box.device)).minimum(limit.to(box.device)) for box in boxes]


def crop_boxes(
    boxes: Sequence[Tensor], top: int, left: int, bottom: int, right: int
) -> list[Tensor]:
    """Return what of the boxes lies in a part of the picture; one of which nothing does is dropped.

    Example:
        >>> crop_boxes([torch.tensor([[0, 0, 4, 4], [6, 0, 8, 2]])], 2, 1, 8, 6)[0].tolist()
        [[0, 0, 3, 2]]
    """
    cut = []
    for box in boxes:
        low = torch.tensor([left, top, left, top]).to(box)
        high = torch.tensor([right, bottom, right, bottom]).to(box)
        inside = box.maximum(low).minimum(high) - low
        cut.append(inside[(inside[:, :2] < inside[:, 2:]).all(1)])
    return cut
