"""The contact sheet: the same pairs, coloured by every method."""

from collections.abc import Sequence
from pathlib import Path

import torch

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
    reference: bool = False,
) -> Path:
    """Draw the first pairs of a table: what is given, the truth, and every method.

    Args:
        output: Folder of the comparison, with all pictures.
        block: Of the table.
        setting: Of the table.
        rows: Of the table; those that are no methods are left out.
        names: Of the pairs.
        reference: Whether a method has a reference beside its points.
    """
    folder = pictures(output, block, setting)
    given = _GIVEN[block]
    if reference and "reference" not in given:
        given = ("reference", *given)
    columns = [*given, *(row.label for row in rows if row.kind != "reading")]
    images = {
        column: torch.stack([read_image(folder / column / f"{name}.png") for name in names])
        for column in columns
    }
    path = output / f"sheet-{block}-{setting}.png"
    write_image(labelled(images), path)
    return path
