"""Picture grids: a row for each pair, a column for drawing, reference, result and truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

COLUMNS = ("content", "reference", "result", "truth")
MARGIN = 2
LEAST_SIDE = 128


def picture_grid(columns: Sequence[Tensor]) -> Tensor:
    """Lay images out: row b holds the b-th image of every column, on white.

    Small images are enlarged by whole factors, pixel by pixel, so that nothing is smoothed away.

    Args:
        columns: Batches of equal shape, :math:`(B, 3, H, W)`; values are clamped to [0, 1].

    Returns:
        One image, :math:`(3, H', W')`.

    Raises:
        ValueError: The columns differ in shape.

    Example:
        >>> picture_grid([torch.zeros(5, 3, 64, 64)] * 4).shape
        torch.Size([3, 652, 522])
    """
    if not columns or len({column.shape for column in columns}) != 1:
        shapes = [tuple(column.shape) for column in columns]
        raise ValueError(f"picture_grid expects columns of one shape, got {shapes}.")
    batch, _, height, width = columns[0].shape
    factor = max(1, LEAST_SIDE // max(height, width))
    cells = torch.stack([column.detach().float().cpu() for column in columns], dim=1)
    cells = cells.nan_to_num(0.0).clamp(0, 1)  # Beside its neighbours, a broken picture is seen.
    cells = cells.repeat_interleave(factor, -2).repeat_interleave(factor, -1)
    cells = functional.pad(cells, (MARGIN, 0, MARGIN, 0), value=1.0)
    rows = [torch.cat(list(cells[b]), dim=-1) for b in range(batch)]
    return functional.pad(torch.cat(rows, dim=-2), (0, MARGIN, 0, MARGIN), value=1.0)


def columns_of(batch: Mapping[str, Any]) -> list[Tensor]:
    """Return the images of a batch that has been coloured, in the order of the columns."""
    return [batch[name] for name in COLUMNS]


def write_grid(columns: Sequence[Tensor], path: Path) -> Tensor:
    """Write :func:`picture_grid` to ``path`` and return it."""
    from flowcolor.io.images import write_image

    grid = picture_grid(columns)
    write_image(grid, path)
    return grid
