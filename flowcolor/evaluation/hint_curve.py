"""What do colours at points help? Scores against their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import fmean

from flowcolor.arguments import check_callable, check_count, check_list
from flowcolor.data.augmentation.hint_points import HintPoints
from flowcolor.data.batch import Batch
from flowcolor.evaluation.decibels import decibels
from flowcolor.evaluation.probes import Paint
from flowcolor.metrics import hint_error
from flowcolor.values import require_tensors


@dataclass(frozen=True)
class HintScore:
    """What so many hints gave.

    Args:
        points: In each picture.
        psnr: Mean over pictures and seeds, against the truth.
        hint_error: Mean distance in L*a*b* to the hints, see
            :func:`~flowcolor.metrics.hint_error`; NaN without hints.
        pictures: How many were painted, over all seeds.
    """

    points: int
    psnr: float
    hint_error: float
    pictures: int


def hint_curve(
    paint: Paint, batches: Sequence[Batch], counts: Sequence[int], seeds: int = 1
) -> list[HintScore]:
    """Paint the same pictures with more and more hints, whose colours are the truth's.

    More points are those of fewer, and others (:class:`~flowcolor.data.HintPoints`): a method that
    listens to them comes nearer to the truth the more there are.

    Args:
        paint: Colours a batch with its ``hint_colors`` and ``hint_mask``, which are left out where
            there is no point.
        batches: ``content``, ``truth``, ``index``, ``name`` and what ``paint`` wants beside them.
        counts: Numbers of points.
        seeds: How often the points are drawn anew.

    Raises:
        ValueError: An argument is none of those above, or a number of points is out of range.
    """
    check_callable(hint_curve, paint=paint)
    check_count(hint_curve, seeds=seeds)
    check_list(hint_curve, batches=batches, counts=counts)
    if not batches:
        raise ValueError("hint_curve expects at least one of batches, got none.")
    found = []
    for count in counts:
        points = HintPoints(count=count)
        ratios: list[float] = []
        errors: list[float] = []
        for seed in range(seeds):
            for batch in batches:
                hinted = points(batch, seed, 0)
                painted = paint(hinted if count else batch, None)
                require_tensors("hint_curve", painted)
                result = painted.float().clamp(0, 1)
                ratios += decibels(result, batch["truth"]).tolist()
                if count:
                    colors, mask = hinted["hint_colors"], hinted["hint_mask"]
                    errors += hint_error(result, colors, mask).tolist()
        error = fmean(errors) if errors else nan
        found.append(HintScore(count, fmean(ratios), error, len(ratios)))
    return found
