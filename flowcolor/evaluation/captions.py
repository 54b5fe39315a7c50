"""Pictures with their names above them."""

from collections.abc import Mapping

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional

from flowcolor.console import shown
from flowcolor.evaluation.pictures import picture_grid
from flowcolor.io.images import to_uint8
from flowcolor.io.resizing import resize

_HEAD = 22  # Pixels above the pictures.


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
        text = shown(name)
        while len(text) > 1 and draw.textlength(text, font) > width - 4:
            text = f"{text.removesuffix('…')[:-1]}…"
        draw.text((place * width + 4, 4), text, fill="black", font=font)
    pixels = torch.frombuffer(bytearray(head.tobytes()), dtype=torch.uint8)
    labels = pixels.view(_HEAD, -1, 3).permute(2, 0, 1)
    return torch.cat([labels, to_uint8(grid)], dim=1) / 255


def captioned(images: Mapping[str, Tensor], across: int = 4) -> Tensor:
    """Lay single images out in rows, each with its name above it.

    All cells have the size of the first image; another one is scaled to fit, on white.

    Args:
        images: :math:`(3, H, W)` in [0, 1], by name.
        across: How many stand in a row.

    Example:
        >>> captioned({name: torch.zeros(3, 128, 96) for name in "abcde"}).shape
        torch.Size([3, 308, 394])
    """
    first, *_ = images.values()
    height, width = first.shape[-2:]
    cells = {name: _fitted(image, height, width)[None] for name, image in images.items()}
    names = list(cells)
    rows = [names[start : start + across] for start in range(0, len(names), across)]
    parts = [labelled({name: cells[name] for name in row}) for row in rows]
    widest = parts[0].shape[-1]
    padded = [functional.pad(row, (0, widest - row.shape[-1]), value=1.0) for row in parts]
    return torch.cat(padded, dim=-2)


def _fitted(image: Tensor, height: int, width: int) -> Tensor:
    """Scale an image to fit into a cell, and centre it there on white."""
    if image.shape[-2:] == (height, width):
        return image
    scale = min(height / image.shape[-2], width / image.shape[-1])
    size = [max(1, round(side * scale)) for side in image.shape[-2:]]
    small = resize(image, (size[0], size[1])).clamp(0, 1)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    sides = (left, width - size[1] - left, top, height - size[0] - top)
    return functional.pad(small, sides, value=1.0)
