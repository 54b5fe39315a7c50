"""Lay the face of a reference on that of a drawing."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import check_sides, plain_numbers
from flowcolor.io.resizing import resize
from flowcolor.pretrained.face_finder import Face, find_face
from flowcolor.values import require_pictures, require_tensors

# Measured by benchmarks/face_finder.py: what 19 of 20 faces score, and other things seldom. Where
# one of those is taken for a face, a part of the reference lends its colours: no harm is done.
_PHOTO, _DRAWING = 2.0, 1.5
# A model that has learned from deformed references does not mind so little: parts of the face's
# side, and octaves.
_SHIFT, _OCTAVES = 0.12, 0.25


@plain_numbers
def align_reference(
    reference: Float[Tensor, "3 h w"],
    drawing: Float[Tensor, "3 h2 w2"],
    size: tuple[int, int],
    face: Face | None = None,
) -> Float[Tensor, "3 h3 w3"] | None:
    r"""Move and scale a reference so that its face lies where that of the drawing does.

    With the middle :math:`m` and the side :math:`s` of both faces, the pixel at :math:`p` of the
    drawing gets the colour of the reference at

    .. math:: m_R + (p - m_D)\, s_R / s_D

    Beyond the reference its border goes on: mirrored, a portrait would lend the clothes the colours
    of its chin. It is not turned, and its proportions stay.

    Args:
        reference: RGB in [0, 1].
        drawing: Dark on white, in [0, 1].
        size: Height and width at which the drawing is painted.
        face: That of the reference, where it is known: ``find_face(reference, "photo")``.

    Returns:
        The part of the reference that belongs to the drawing, of that size. ``None`` where there
        is no clear face in one of the two, or where both lie alike once the reference is stretched
        to the drawing's sides: then nothing has to be moved.

    Raises:
        ValueError: A picture is no float image with values in [0, 1], or ``size`` no two sides.
    """
    check_sides(align_reference, size)
    require_tensors("align_reference", reference, drawing)
    for image in (reference, drawing):  # One by one, so that the sentence is about one.
        require_pictures("align_reference", image)
    photo = find_face(reference, "photo") if face is None else face
    if photo.score < _PHOTO:
        return None
    drawn = find_face(drawing, "drawing")
    if drawn.score < _DRAWING or _alike(photo, reference, drawn, drawing):
        return None
    height, width = size
    to_size = height / drawing.shape[-2], width / drawing.shape[-1]
    scale = drawn.side * math.sqrt(to_size[0] * to_size[1]) / photo.side
    top = photo.row * scale - drawn.row * to_size[0]
    left = photo.column * scale - drawn.column * to_size[1]
    if scale > 1:  # All of a large photograph, enlarged for a small face, would fill the memory.
        first, last = _seen(top, height, scale, reference.shape[-2])
        begin, end = _seen(left, width, scale, reference.shape[-1])
        reference = reference[:, first:last, begin:end]
        top, left = top - first * scale, left - begin * scale
    sides = [max(1, round(side * scale)) for side in reference.shape[-2:]]
    scaled = resize(reference, (sides[0], sides[1]))
    top, left = round(top), round(left)
    rows, columns = (
        torch.arange(start, start + length, device=scaled.device).clamp(0, side - 1)
        for start, length, side in zip((top, left), (height, width), sides, strict=True)
    )
    return scaled[:, rows][:, :, columns]


def _seen(start: float, length: int, scale: float, side: int) -> tuple[int, int]:
    """Return which pixels of a reference are seen in a window of the scaled one, and a few more."""
    first = min(max(math.floor(start / scale) - 2, 0), side - 1)
    return first, max(min(math.ceil((start + length) / scale) + 2, side), first + 1)


def _alike(photo: Face, reference: Tensor, drawn: Face, drawing: Tensor) -> bool:
    """Return whether the faces lie alike once the reference is stretched to the drawing's sides."""
    down = drawing.shape[-2] / reference.shape[-2]
    right = drawing.shape[-1] / reference.shape[-1]
    shift = max(abs(photo.row * down - drawn.row), abs(photo.column * right - drawn.column))
    octaves = max(abs(math.log2(photo.side * scale / drawn.side)) for scale in (down, right))
    return shift < _SHIFT * drawn.side and octaves < _OCTAVES
