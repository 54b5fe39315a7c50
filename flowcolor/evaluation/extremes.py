"""The best, the median and the worst results of a test, to be looked at."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from flowcolor.console import shown
from flowcolor.evaluation.pictures import write_grid
from flowcolor.evaluation.scores import PairScore

Columns = Sequence[Tensor]


def extremes(scores: Sequence[PairScore], rows: int = 3, by: str = "ssim") -> list[PairScore]:
    """Return the best, the median and the worst pairs, best first, none of them twice.

    Args:
        scores: Of one setting.
        rows: How many of each; fewer if there are not as many.
        by: Name of the score that decides, higher is better; equal ones in order of their names,
            and NaN, of a broken result, last.
    """

    def rank(score: PairScore) -> tuple[bool, float, str]:
        value = score.scores[by]
        # Nothing is above or below NaN: it would leave everything in the order of its arrival.
        return (True, 0.0, score.name) if math.isnan(value) else (False, -value, score.name)

    ranked = sorted(scores, key=rank)
    if len(ranked) <= 3 * rows:
        return ranked
    middle = (len(ranked) - rows) // 2
    return [*ranked[:rows], *ranked[middle : middle + rows], *ranked[-rows:]]


def write_extremes(
    scores: Sequence[PairScore],
    columns_of: Callable[[PairScore], Columns],
    path: Path,
    rows: int = 3,
) -> str:
    """Draw :func:`extremes` by SSIM, a row for each, and say whose rows they are.

    Args:
        scores: Of one setting, at least one.
        columns_of: Returns the images of a pair, :math:`(3, H, W)` each.
        path: The picture.
        rows: How many best, median and worst.
    """
    chosen = extremes(scores, rows)
    columns = zip(*(columns_of(score) for score in chosen), strict=True)
    write_grid([torch.stack(list(column)) for column in columns], path)
    names = ", ".join(f"{score.name} {score.scores['ssim']:.3f}" for score in chosen)
    return f"wrote {shown(path)} (best, median and worst by SSIM: {shown(names)})"
