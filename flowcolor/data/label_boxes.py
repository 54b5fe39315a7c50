"""Boxes around the parts of a face, of its label map."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from flowcolor.arguments import check_numbers_by_name
from flowcolor.values import require_real

#: Parts of maps with 0 background, 1 person (hair, neck, clothes), 2 face, 3 brows, 4 eyes, 5 lips.
FACE_PARTS: Mapping[str, tuple[int, ...]] = {
    "hair": (1,),
    "skin": (2,),
    "eyes": (4,),
    "mouth": (5,),
}
#: The same parts of the 19 classes of CelebAMask-HQ, see :func:`~flowcolor.data.merge_parts`.
CELEBA_PARTS: Mapping[str, tuple[int, ...]] = {
    "hair": (13,),
    "skin": (1, 2),
    "eyes": (4, 5),
    "mouth": (10, 11, 12),
}


def boxes_of_labels(
    labels: Integer[Tensor, "height width"],
    parts: Mapping[str, Sequence[int]] = FACE_PARTS,
) -> Float[Tensor, "number 4"]:
    """Return the smallest box around each part: left, top, right, bottom, in pixels.

    Args:
        labels: What each pixel shows, as a number.
        parts: The numbers of each part. One that the map does not show has no box.

    Raises:
        ValueError: If ``labels`` are no map of whole numbers, or ``parts`` no names with numbers.

    Example:
        >>> labels = torch.zeros(8, 8, dtype=torch.uint8)
        >>> labels[2:5, 1:7] = 2
        >>> boxes_of_labels(labels).tolist()
        [[1.0, 2.0, 7.0, 5.0]]
    """
    require_real("boxes_of_labels", labels)
    if labels.ndim != 2 or labels.is_floating_point() or labels.dtype == torch.bool:
        raise ValueError(
            "boxes_of_labels expects labels to be whole numbers of shape (height, width), got "
            f"{labels.dtype} of shape {tuple(labels.shape)}."
        )
    check_numbers_by_name(boxes_of_labels, parts=parts)
    boxes = []
    for numbers in parts.values():
        # Whole numbers of any size: a part's may not fit into bytes.
        shown = torch.isin(labels.long(), torch.tensor(list(numbers), device=labels.device))
        rows, columns = shown.any(1).nonzero(), shown.any(0).nonzero()
        if len(rows):
            edges = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            boxes.append(torch.cat(edges))
    found = torch.stack(boxes) if boxes else labels.new_zeros(0, 4)
    return found.float()
