"""What the scores of all pairs add up to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from flowcolor.arguments import (
    check_callable,
    check_choice,
    check_count,
    check_list,
    check_numbers_by_name,
)
from flowcolor.data.batch import Batch, require_batch
from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.measures import MEASURES
from flowcolor.evaluation.network_scores import Networks, NetworkScores
from flowcolor.evaluation.region_scores import REGION, Regions, beyond
from flowcolor.evaluation.scores import (
    SETTINGS,
    PairScore,
    Setting,
    SketchFilter,
    gather,
    gather_all,
    score_batch,
)
from flowcolor.metrics import FACE_REGIONS, nearer_to_own

ANSWERS = {
    "": "result",
    "_sketch": "the sketch itself",
    "_tint": "sketch tinted by the reference",
}


@dataclass(frozen=True)
class Report:
    """All that was measured.

    Args:
        scores: Of every pair.
        sets: FID and KID of each setting, where their network was there.
        notes: By score, what has to stand beside its number.
        missing: By score that was not computed, what it lacks.
        about: What was measured, in plain values: model, checkpoint, size.
        roundtrip: Largest errors of encoding and decoding, by kind of image.
    """

    scores: list[PairScore]
    sets: dict[Setting, dict[str, float]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    roundtrip: dict[str, float] = field(default_factory=dict)

    def of(self, setting: Setting) -> list[PairScore]:
        """Return the scores of one setting."""
        return [score for score in self.scores if score.setting == setting]

    @property
    def summary(self) -> dict[Setting, dict[str, Any]]:
        """For each setting, counts and means over its pairs."""
        return {
            setting: summarise(pairs) | self.sets.get(setting, {})
            for setting in SETTINGS
            if (pairs := self.of(setting))
        }


class Evaluation:
    """Score batches of painted drawings, on one process or on several.

    Args:
        sketch_filter: What drew the sketches; ``None`` for grey photographs.
        networks: Which pretrained networks look at the results.
        settings: What will be scored.
        side: Shorter side of the smallest image in pixels.
        regions: What the numbers of label maps mean, where batches have ``labels``.

    Raises:
        ValueError: An argument is none of those above.
    """

    def __init__(
        self,
        sketch_filter: SketchFilter | None,
        networks: Networks | None = None,
        settings: tuple[Setting, ...] = SETTINGS,
        side: int = 256,
        regions: Regions = FACE_REGIONS,
    ) -> None:
        if sketch_filter is not None:
            check_callable(self, sketch_filter=sketch_filter)
        if not isinstance(networks, Networks | None):
            kind = type(networks).__name__
            raise ValueError(f"Evaluation expects networks to be of type Networks, got {kind}.")  # noqa: TRY004
        check_list(self, settings=settings)
        for setting in settings:
            check_choice(self, settings=(setting, Setting))
        check_count(self, side=side)
        check_numbers_by_name(self, regions=regions)
        self.sketch_filter = sketch_filter
        self.settings = settings
        self.regions = regions
        self.networks = NetworkScores(networks or Networks(), settings, side)
        self.scores: list[PairScore] = []
        self._beyond: set[int] = set()

    def add(
        self,
        setting: Setting,
        batch: Batch,
        result: Tensor,
        further: dict[str, Tensor] | None = None,
    ) -> None:
        """Score a batch, see :func:`~flowcolor.evaluation.scores.score_batch`.

        No pair may be given to two processes: FID and KID could not tell.

        Raises:
            ValueError: An argument is none of those of ``score_batch``, or the setting is not
                among those that are scored.
        """
        if setting not in self.settings:
            known = " or ".join(self.settings)
            raise ValueError(f"Evaluation expects setting to be {known}, got {setting!r}.")
        require_batch(self, batch, "content", "reference", "truth", also=["name"])
        require_batch(self, {**batch, "result": result}, "truth", "result")
        for key in ("name", "reference_name"):
            if key in batch and len(batch[key]) != len(result):
                raise InputError(
                    f"Evaluation expects {key} to be one for each of {len(result)} images, got "
                    f"{len(batch[key])}."
                )
        further = self.networks.add(setting, batch, result) | (further or {})
        self.scores += score_batch(
            setting, batch, result, self.sketch_filter, further, self.regions
        )
        self._beyond |= beyond(batch, self.regions)

    def reset(self) -> None:
        """Forget all that was scored; the networks stay."""
        self.scores = []
        self._beyond = set()
        self.networks.reset()

    def report(self, about: dict[str, Any], roundtrip: dict[str, float] | None = None) -> Report:
        """Return what all processes have scored; all have to ask."""
        return Report(
            gather(self.scores),
            self.networks.compute(),
            self.networks.notes | self._region_notes(),
            self.networks.missing,
            about,
            roundtrip or {},
        )

    def _region_notes(self) -> dict[str, str]:
        found = sorted(set().union(*gather_all(self._beyond)))
        if not found:
            return {}
        numbers = first_ten([str(number) for number in found])
        return {f"{REGION}colors": f"label maps hold {numbers}, which no region counts"}


def follows_color(scores: Sequence[PairScore]) -> list[bool]:
    """Tell for each pair whether the result's mean colour is its reference's, not an average one.

    With a single pair there are no other references to compare with: false.
    """
    if len(scores) < 2:
        return [False] * len(scores)
    results = torch.tensor([score.color for score in scores])
    references = torch.tensor([score.reference_color for score in scores])
    return [bool(value) for value in nearer_to_own(results, references)]


def summarise(pairs: Sequence[PairScore]) -> dict[str, Any]:
    """Return counts and means over the pairs of one setting.

    Of what some pairs lack, ``NAME_pairs`` says how many have it.
    """
    names = [
        name + suffix
        for name, measure in MEASURES.items()
        for suffix in ANSWERS
        if (any if measure.partial else all)(name + suffix in pair.scores for pair in pairs)
    ]
    values = {name: [p.scores[name] for p in pairs if name in p.scores] for name in names}
    summary: dict[str, Any] = {
        "pairs": len(pairs),
        **{name: fmean(numbers) for name, numbers in values.items()},
        **{f"{name}_pairs": len(x) for name, x in values.items() if len(x) < len(pairs)},
    }
    if "lines" in summary:
        follows = (pair.scores["lines"] > pair.scores["lines_control"] for pair in pairs)
        summary["lines_follow_sketch"] = sum(follows)
    return summary | {"colors_follow_reference": sum(follows_color(pairs))}
