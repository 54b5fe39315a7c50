"""Where the parts of an aligned face lie, and how their features become one image of features."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from flowcolor.bounds import shown_value
from flowcolor.values import kind_of, require_fractions

FRAME = 512
_NOSE_KEPT = 124 / 160  # Below it, the mouth begins.


class Box(NamedTuple):
    """A part's place: left, top and side, in a frame of 512."""

    left: int
    top: int
    side: int


PARTS = {
    "whole": Box(0, 0, FRAME),
    "eye1": Box(108, 156, 128),
    "eye2": Box(255, 156, 128),
    "nose": Box(182, 232, 160),
    "mouth": Box(169, 301, 192),
}
_PASTED = ("mouth", "nose", "eye1", "eye2")  # Later ones cover earlier ones.


def part_of(name: str, images: Tensor) -> Tensor:
    """Return a part of faces of any size, as a view.

    Args:
        name: A key of ``PARTS``.
        images: Faces that lie as in CelebA-HQ, with sides that are multiples of 16.

    Raises:
        ValueError: There is no such part, or the faces are no float images of four axes.
    """
    if name not in PARTS:
        raise ValueError(
            f"part_of expects name to be one of {list(PARTS)}, got {shown_value(name)}."
        )
    _check_planes("part_of", images)
    rows, columns = _place(name, images)
    return images[:, :, rows, columns]


def paste(features: Mapping[str, Tensor]) -> Tensor:
    """Return the features of the whole with those of the other parts in their places.

    The mouth comes first, then the nose without its lowest rows, then the eyes.

    Raises:
        ValueError: A part is missing, or of another size than its place.
    """
    check_features("paste", features)
    missing = [name for name in ("whole", *_PASTED) if name not in features]
    if missing:
        raise ValueError(f"paste expects features of all parts, got none of {', '.join(missing)}.")
    # A copy: the parts' own features are still needed, for their gradients, too.
    pasted = features["whole"].clone()
    for name in _PASTED:
        rows, columns = _place(name, pasted)
        part = features[name]
        if name == "nose":
            part = part[:, :, : round(_NOSE_KEPT * part.shape[2])]
            rows = slice(rows.start, rows.start + part.shape[2])
        place = pasted[:, :, rows, columns]
        if part.shape != place.shape:
            raise ValueError(
                f"paste expects features of {name} of shape {tuple(place.shape)}, got "
                f"{tuple(part.shape)}."
            )
        pasted[:, :, rows, columns] = part
    return pasted


def check_features(owner: str, features: Mapping[str, Tensor]) -> None:
    """Raise ``ValueError`` unless features are tensors by the names of their parts."""
    if not isinstance(features, Mapping) or not features.keys() <= PARTS.keys():
        names, got = ", ".join(PARTS), kind_of(features)
        raise ValueError(f"{owner} expects features by the names of parts, {names}, got {got}.")
    _check_planes(owner, *features.values())


def _check_planes(owner: str, *planes: Tensor) -> None:
    require_fractions(owner, *planes)
    for x in planes:
        if x.ndim != 4:
            raise ValueError(
                f"{owner} expects tensors of shape (batch, channels, height, width), got "
                f"{tuple(x.shape)}."
            )


def _place(name: str, images: Tensor) -> tuple[slice, slice]:
    box, (height, width) = PARTS[name], images.shape[2:]
    rows, columns = (
        slice(start, start + box.side * size // FRAME)
        for start, size in (
            (round(box.top * height / FRAME), height),
            (round(box.left * width / FRAME), width),
        )
    )
    return rows, columns
