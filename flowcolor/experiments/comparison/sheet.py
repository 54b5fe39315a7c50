"""The contact sheet: the same pairs, coloured by every method."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.evaluation.captions import labelled
from flowcolor.evaluation.scores import Setting
from flowcolor.experiments.comparison.blocks import Block
from flowcolor.experiments.comparison.rows import Row, pictures
from flowcolor.io.images import read_image, write_image

MOST_ROWS = 10
_GIVEN: dict[Block, tuple[str, ...]] = {
    "automatic": ("content", "truth"),
    "exemplar": ("content", "reference", "truth"),
    "hints": ("points", "truth"),
}


def write_sheet(
    output: Path,
    block: Block,
    setting: Setting,
    rows: Sequence[Row],
    names: Sequence[str],
    size: int,
    reference: bool = False,
) -> Path:
    """Draw the first pairs of a table: what is given, the truth, and every method.

    Args:
        output: Folder of the comparison, with all pictures.
        block: Of the table.
        setting: Of the table.
        rows: Of the table; those that are no methods are left out.
        names: Of the pairs.
        size: Side of all pictures in pixels.
        reference: Whether a method has a reference beside its points.

    Raises:
        InputError: A picture is missing, damaged or of another size.
    """
    folder = pictures(output, block, setting)
    given = _GIVEN[block]
    if reference and "reference" not in given:
        given = ("reference", *given)
    columns = [*given, *(row.label for row in rows if row.kind != "reading")]
    images = {
        column: torch.stack([_read(folder / column / f"{name}.png", size) for name in names])
        for column in columns
    }
    path = output / f"sheet-{block}-{setting}.png"
    write_image(labelled(images), path)
    return path


def _read(path: Path, size: int) -> Tensor:
    picture = read_image(path)
    height, width = picture.shape[1:]
    if (height, width) != (size, size):
        raise InputError(
            f"{path} expects a picture of {size}x{size} pixels, as it was written, got one of "
            f"{width}x{height}."
        )
    return picture
