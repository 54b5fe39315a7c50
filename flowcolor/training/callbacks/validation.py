"""The scores by which training is followed: those of a test, but fewer, so that they are fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.evaluation.decibels import decibels
from flowcolor.evaluation.drawing_scores import line_scores
from flowcolor.evaluation.scores import Setting, SketchFilter, gather
from flowcolor.metrics import mean_color_distance, ssim


@dataclass(frozen=True)
class ValidationScore:
    """Some numbers of one pair, by the name under which their mean is logged."""

    setting: Setting
    index: int
    scores: dict[str, float]


class Validation:
    """Score batches on one or several processes: SSIM and PSNR of all, the rest of a few."""

    def __init__(self) -> None:
        self.scores: list[ValidationScore] = []

    def add_self(self, batch: Batch, result: Tensor) -> None:
        """Score results whose references were their own photographs."""
        truth = batch["truth"]
        values = {"val/ssim": ssim(result, truth), "val/psnr": decibels(result, truth)}
        self._add("self", batch, values)

    def add_cross(self, batch: Batch, result: Tensor, sketch_filter: SketchFilter | None) -> None:
        """Score results whose references were photographs of others; lines only of drawings."""
        distance = mean_color_distance(result, batch["reference"])
        values = {"val/cross_color_distance": distance}
        if sketch_filter is not None:
            found = line_scores(result, batch, sketch_filter)
            values |= {f"val/cross_{name}": value for name, value in found.items()}
        self._add("cross", batch, values)

    def compute(self) -> dict[str, float]:
        """Return means over all processes; all have to ask."""
        scores = gather(self.scores)
        self.scores = []
        own = [score for score in scores if score.setting == "self"]
        cross = [score for score in scores if score.setting == "cross"]
        return _means(own) | _means(cross)

    def _add(self, setting: Setting, batch: Batch, values: dict[str, Tensor]) -> None:
        for i, index in enumerate(batch["index"].tolist()):
            numbers = {name: float(value[i]) for name, value in values.items()}
            self.scores.append(ValidationScore(setting, index, numbers))


def _means(scores: Sequence[ValidationScore]) -> dict[str, float]:
    names = scores[0].scores if scores else {}
    return {name: fmean(score.scores[name] for score in scores) for name in names}
