"""The contact sheet: the same pairs, coloured by every method."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from flowcolor.evaluation.pictures import picture_grid
from flowcolor.evaluation.scores import Setting
from flowcolor.experiments.comparison.blocks import Block
from flowcolor.experiments.comparison.rows import Row, pictures
from flowcolor.io.images import read_image, to_uint8, write_image

MOST_ROWS = 10
_HEAD = 22  # Pixels above the pictures.
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


def labelled(columns: Mapping[str, Tensor]) -> Tensor:
    """Lay columns out as a grid with their names above, which are shortened to their width.

    Args:
        columns: Batches of equal shape, :math:`(B, 3, H, W)` in [0, 1].

    Example:
        >>> labelled({"content": torch.zeros(2, 3, 64, 64)}).shape
        torch.Size([3, 284, 132])
    """
    grid = picture_grid(list(columns.values()))
    width = (grid.shape[-1] - 2) // len(columns)
    head = Image.new("RGB", (grid.shape[-1], _HEAD), "white")
    draw, font = ImageDraw.Draw(head), ImageFont.load_default(12)
    for place, name in enumerate(columns):
        shown = name
        while len(shown) > 1 and draw.textlength(shown, font) > width - 4:
            shown = f"{shown.removesuffix('…')[:-1]}…"
        draw.text((place * width + 4, 4), shown, fill="black", font=font)
    pixels = torch.frombuffer(bytearray(head.tobytes()), dtype=torch.uint8)
    labels = pixels.view(_HEAD, -1, 3).permute(2, 0, 1)
    return torch.cat([labels, to_uint8(grid)], dim=1) / 255
