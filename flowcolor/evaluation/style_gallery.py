"""Every content with the colours of every reference, in one picture."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from flowcolor.arguments import check_callable
from flowcolor.evaluation.pictures import picture_grid
from flowcolor.values import require_pictures


def style_gallery(
    paint: Callable[[int, Tensor], Tensor],
    contents: Sequence[Tensor],
    references: Sequence[Tensor],
    own: Sequence[Tensor] | None = None,
) -> Tensor:
    """Return a picture with a column for each content and a row for each reference.

    The contents stand on top, the references on the left. The first row of results has the colours
    of each content's own photograph, if there are any: what a method does when it is given the
    answer, for the other rows to be compared with.

    Args:
        paint: Returns the content of this number with the colours of a reference,
            :math:`(3, S, S)`.
        contents: :math:`(3, S, S)` in [0, 1], all of one size.
        references: Likewise.
        own: The photographs of the contents.

    Returns:
        One image, :math:`(3, H, W)`.

    Raises:
        ValueError: There is no content, pictures are no float images of one size with values in
            [0, 1], or there is not one of ``own`` for each content.

    Example:
        >>> cells = torch.rand(3, 3, 128, 128)
        >>> style_gallery(lambda number, photo: photo, cells[:1], cells[1:], cells[:1]).shape
        torch.Size([3, 522, 262])
    """
    check_callable(style_gallery, paint=paint)
    images = [*contents, *references, *(own if own is not None else [])]
    require_pictures("style_gallery", *images)
    shapes = {tuple(image.shape) for image in images}
    if len(contents) == 0 or len(shapes) != 1:
        raise ValueError(
            "style_gallery expects one or more contents, and images of one shape, "
            f"got {len(contents)} contents and the shapes {sorted(shapes)}."
        )
    if own is not None and len(own) != len(contents):
        raise ValueError(
            "style_gallery expects a photograph for each content, got "
            f"{len(own)} for {len(contents)}."
        )
    nothing = torch.ones_like(contents[0])
    left = [nothing, *([nothing] if own is not None else []), *references]
    columns = [torch.stack(left)]
    for number, content in enumerate(contents):
        answer = [paint(number, own[number])] if own is not None else []
        results = [paint(number, reference) for reference in references]
        columns.append(torch.stack([content, *answer, *results]))
    return picture_grid(columns)
