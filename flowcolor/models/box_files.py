"""Boxes around the objects of a picture, read from a file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.arguments import check_picture, plain_numbers
from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole
from flowcolor.models.boxes import check_boxes
from flowcolor.models.hints import Hints


def read_boxes(
    path: str | Path, content: Float[Tensor, "3 height width"]
) -> Float[Tensor, "number 4"]:
    """Read boxes from a JSON file: ``[[left, top, right, bottom], ...]`` in pixels.

    An object whose ``boxes`` are such a list is taken, too, as detectors write them.

    Args:
        path: The file.
        content: The drawing or grey photograph.

    Raises:
        InputError: The file cannot be read, holds something else or no box, or one is outside of
            the picture.
    """
    path = Path(path)
    try:
        found = parse_json(read_whole(path).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # Text that is no JSON, bytes that are no text.
        raise InputError(f"{path} expects JSON, got a file that is none: {error}.") from error
    boxes = found.get("boxes") if isinstance(found, dict) else found
    if not (isinstance(boxes, list) and boxes and all(map(_is_box, boxes))):
        got = "an empty list" if boxes == [] else "something else"
        raise InputError(f"{path} expects boxes as [[left, top, right, bottom], ...], got {got}.")
    made = torch.tensor(boxes, dtype=torch.float32)
    try:
        check_boxes([made], *content.shape[-2:])
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return made


def _is_box(found: Any) -> bool:
    """Return whether JSON holds four numbers; true and false, which are ints, are none.

    Nor is an integer of hundreds of digits, of which no tensor can be made.
    """
    return (
        isinstance(found, list)
        and len(found) == 4
        and all(isinstance(x, float) or (type(x) is int and abs(x) < 2**53) for x in found)
    )


@plain_numbers
def with_boxes(
    hints: Hints | None, boxes: Float[Tensor, "number 4"], height: int, width: int
) -> Hints:
    """Return the hints of one picture with boxes, and without a colour if there were no hints.

    Args:
        hints: Colours at points of the picture.
        boxes: Boxes in the picture.
        height: Height of the picture.
        width: Width of the picture.

    Raises:
        ValueError: A box is outside of the picture, a side is no whole number of at least 1, no
            machine holds the picture, or the hints are something else.

    Example:
        >>> with_boxes(None, torch.tensor([[1.0, 2.0, 5.0, 6.0]]), 8, 8).mask.sum()
        tensor(0.)
    """
    check_picture(with_boxes, height, width)
    if hints is not None and not isinstance(hints, Hints):
        raise ValueError(f"with_boxes expects hints or None, got {type(hints).__name__}.")
    if hints is None:
        return Hints(torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width), [boxes])
    return replace(hints, boxes=[boxes])
