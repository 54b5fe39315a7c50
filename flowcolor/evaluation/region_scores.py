"""Do skin, lips, hair and background of a result have the colours that they should have?"""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.metrics import CELEBA_REGIONS, FACE_REGIONS, region_color_distance
from flowcolor.metrics.on_lines import show_broken

Regions = Mapping[str, Sequence[int]]
RegionSet = Literal["faces", "celeba"]
REGION_SETS: dict[str, Regions] = {"faces": FACE_REGIONS, "celeba": CELEBA_REGIONS}
REGION = "region_"  # Names of scores begin with it; pairs without the region lack the score.


def beyond(batch: Batch, regions: Regions) -> set[int]:
    """Return the numbers of a batch's label maps that are larger than those of every region.

    Maps of another kind have such: classes of another data set, or masks of black and white.
    """
    largest = max((number for numbers in regions.values() for number in numbers), default=-1)
    maps = [batch[name] for name in ("labels", "reference_labels") if name in batch]
    return {int(number) for each in maps for number in each.long().unique() if number > largest}


def region_scores(
    setting: str, batch: Batch, answers: dict[str, Tensor], regions: Regions
) -> dict[str, Tensor]:
    """Return distances of colours by region, :math:`(B,)` by name; NaN where a region is not there.

    In cross-reference a region should have the colour that it has in the reference. A reference
    that was deformed has no label map, but the colours of the true photograph, whose map is that of
    the drawing: so that is what results are compared with in self-reference.

    Args:
        setting: ``"self"`` or ``"cross"``.
        batch: ``reference`` and ``truth``, and ``labels``, :math:`(B, H, W)`, of the truth and
            ``reference_labels`` of the reference where there are any.
        answers: Results by the suffix of their scores; the means over regions are taken of all, the
            single regions of the one without suffix.
        regions: What the numbers of the labels mean, see
            :func:`~flowcolor.metrics.region_color_distance`.
    """
    labels, others = batch.get("labels"), batch.get("reference_labels")
    target = batch["reference"]
    if others is None and setting == "self":
        target, others = batch["truth"], labels
    if labels is None or others is None:
        return {}
    found: dict[str, Tensor] = {}
    for suffix, answer in answers.items():
        distances = region_color_distance(answer, target, labels, others, regions)
        mean = torch.stack(list(distances.values())).nanmean(0)
        found[f"{REGION}colors{suffix}"] = show_broken(mean, answer)
        if not suffix:
            found |= {f"{REGION}{name}": distance for name, distance in distances.items()}
    return found
