"""An ablation's results beside the thesis's: numbers, order, and whether chance explains them."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from statistics import fmean
from typing import Any

import numpy as np

from flowcolor.errors import InputError
from flowcolor.evaluation.compare import Difference, compare, paired_interval, read_alike
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.scores import SETTINGS, Setting
from flowcolor.experiments.runs import Ablation
from flowcolor.experiments.tables import HIGHER_IS_BETTER, Variant

COUNTS = ("lines_follow_sketch", "colors_follow_reference")


@dataclass(frozen=True)
class Order:
    """The variants by one score, best first.

    Args:
        score: Which.
        thesis: Labels in the thesis's order.
        ours: Labels in ours, those of broken results last.
        agreeing: Of how many pairs of variants both say which is better, and say the same.
        pairs: How many pairs of variants there are.
    """

    score: str
    thesis: list[str]
    ours: list[str]
    agreeing: int
    pairs: int


class Results:
    """What all runs of an ablation have measured; every run must be finished.

    Args:
        ablation: The runs.

    Attributes:
        pairs: How many test pairs each number is over.
        sizes: Number of the parameters of each variant.
    """

    def __init__(self, ablation: Ablation) -> None:
        self.ablation = ablation
        self.variants = ablation.table.variants
        self._reports: dict[str, list[Report]] = {}
        runs = list(ablation)
        reports = read_alike([run.result for run in runs])
        for run, report in zip(runs, reports, strict=True):
            self._reports.setdefault(run.variant.name, []).append(report)
        first = self._reports[ablation.table.baseline][0]
        self.pairs = {setting: len(first.of(setting)) for setting in first.summary}
        self.notes = first.notes
        self.missing = first.missing
        self.sizes = {
            name: reports[0].about.get("parameters", 0) for name, reports in self._reports.items()
        }

    def seeds(self, variant: Variant, setting: Setting, score: str) -> list[float]:
        """Return a score of each seed; empty if it was not computed."""
        reports = [report.summary[setting] for report in self._reports[variant.name]]
        return [summary[score] for summary in reports if score in summary]

    def mean(self, variant: Variant, setting: Setting, score: str) -> float | None:
        """Return the mean of a score over seeds."""
        values = self.seeds(variant, setting, score)
        return fmean(values) if values else None

    def against_baseline(self, variant: Variant, setting: Setting, score: str) -> Difference:
        """Compare a variant with the thesis's model image by image, averaged over seeds.

        Raises:
            InputError: Their images differ, or the score was not computed.
        """
        base = self._reports[self.ablation.table.baseline]
        columns = []
        for a, b in zip(base, self._reports[variant.name], strict=True):
            compare(a, b)  # Refuses other images.
            theirs = {pair.name: pair.scores for pair in b.of(setting)}
            both = [(pair.scores, theirs[pair.name]) for pair in a.of(setting)]
            if not all(score in one and score in other for one, other in both):
                raise InputError(f"The score {score!r} was not computed for all images.")
            columns.append([(one[score], other[score]) for one, other in both])
        a, b = np.array(columns).mean(0).T
        better = b > a if MEASURES[score].higher_is_better in (True, None) else b < a
        low, high = paired_interval(b - a)
        return Difference(len(a), float(a.mean()), float(b.mean()), low, high, int(better.sum()))

    def orders(self, setting: Setting) -> list[Order]:
        """Compare the order of the variants with the thesis's, by every score that both have."""
        orders = []
        for name in HIGHER_IS_BETTER:
            score = name.lower()
            ours = {v.label: self.mean(v, setting, score) for v in self.variants}
            numbers = [value for value in ours.values() if value is not None]
            # Of one pair there is no FID: not a number for all, and no order.
            if len(numbers) < len(ours) or all(math.isnan(value) for value in numbers):
                continue
            thesis: dict[str, Any] = {v.label: v.thesis[name] for v in self.variants}
            orders.append(_order(name, thesis, ours))
        return orders

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        scores = [*SET_MEASURES, *MEASURES, *COUNTS]
        variants = [
            {
                "name": variant.name,
                "label": variant.label,
                "parameters": self.sizes[variant.name],
                "thesis": variant.thesis,
                "ours": {
                    setting: {
                        score: {"mean": fmean(values), "seeds": values}
                        for score in scores
                        if (values := self.seeds(variant, setting, score))
                    }
                    for setting in self.pairs
                },
                "against_baseline": {
                    setting: asdict(self.against_baseline(variant, setting, "ssim"))
                    for setting in self.pairs
                },
            }
            for variant in self.variants
        ]
        return {
            "table": self.ablation.table.number,
            "options": list(self.ablation.words),
            "seeds": list(self.ablation.seeds),
            "pairs": self.pairs,
            "notes": self.notes,
            "not_computed": self.missing,
            "variants": variants,
            "orders": {
                setting: [asdict(order) for order in self.orders(setting)] for setting in self.pairs
            },
        }


def _order(name: str, thesis: dict[str, Any], ours: dict[str, Any]) -> Order:
    sign = 1 if HIGHER_IS_BETTER[name] else -1
    agreeing = sum(
        (thesis[a] - thesis[b]) * (ours[a] - ours[b]) > 0 for a, b in combinations(thesis, 2)
    )

    def ranked(values: dict[str, Any]) -> list[str]:
        # Nothing is above or below NaN, of broken results: it would leave the others unsorted.
        return sorted(values, key=lambda label: (math.isnan(values[label]), -sign * values[label]))

    by_thesis, by_ours = ranked(thesis), ranked(ours)
    return Order(name, by_thesis, by_ours, agreeing, len(list(combinations(thesis, 2))))


def settings_of(results: Results) -> Sequence[Setting]:
    """Return the settings that were tested, in their usual order."""
    return [setting for setting in SETTINGS if setting in results.pairs]
