"""How the methods of a block stand: means, which is best, and which cannot be told from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from sys import float_info
from typing import Any

import numpy as np

from flowcolor.errors import InputError
from flowcolor.evaluation.compare import read_alike
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.scores import Setting
from flowcolor.experiments.comparison.best import against_best, by_pair
from flowcolor.experiments.comparison.blocks import Block, shown
from flowcolor.experiments.comparison.rows import Row

COSTS = ("parameters", "gmacs", "seconds", "minutes", "steps", "trained_at")


@dataclass(frozen=True)
class Score:
    """One number of one method.

    Args:
        mean: Over seeds and pairs.
        seeds: Of each training.
        low: Lower end of the 95 % interval of its difference from the best of the block, over
            pairs; NaN where there is none.
        high: Upper end.
        best: Whether it is the best itself.
    """

    mean: float
    seeds: list[float]
    low: float = math.nan
    high: float = math.nan
    best: bool = False

    @property
    def level(self) -> bool:
        """Whether the choice of pairs explains its difference from the best."""
        return not self.best and self.low <= 0 <= self.high

    @property
    def mark(self) -> str:
        """Return what stands behind the number: best, not told from it, or nothing."""
        return "*" if self.best else "=" if self.level else ""


@dataclass(frozen=True)
class Line:
    """One row of a table with its numbers by name; what it lacks is left out."""

    row: Row
    costs: dict[str, float]
    scores: dict[str, Score]


@dataclass(frozen=True)
class Standing:
    """One table: a block in one setting.

    Args:
        block: What its methods are told.
        setting: Whose photograph the reference is.
        pairs: How many there are.
        lines: The rows.
        notes: By score, what has to stand beside its number.
        missing: By score that was not computed, what it lacks.
    """

    block: Block
    setting: Setting
    pairs: int
    lines: list[Line]
    notes: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the scores that a row has, in the order of the measures."""
        known = [*SET_MEASURES, *MEASURES]
        return [name for name in known if any(name in line.scores for line in self.lines)]


def standing(output: Path, block: Block, setting: Setting, rows: Sequence[Row]) -> Standing:
    """Read the reports of a block and compare every method with the best.

    Raises:
        InputError: A report is missing, or they are of other pairs.
    """
    files = [(row.label, row.report(output, block, seed)) for row in rows for seed in row.seeds]
    read = read_alike([path for _, path in files])
    reports: dict[str, list[Report]] = {}
    for (label, path), report in zip(files, read, strict=True):
        if not report.of(setting):
            raise InputError(f"{path} expects scores in the setting {setting}, got none.")
        reports.setdefault(label, []).append(report)
    scores = {row.label: _means(reports[row.label], block, setting) for row in rows}
    competing = [row.label for row in rows if row.kind != "reading" and _whole(scores[row.label])]
    for name, measure in MEASURES.items():
        values = {
            label: by_pair(reports[label], setting, name)
            for label in competing
            if name in scores[label]
        }
        whole = {k: v for k, v in values.items() if np.isfinite(v).all()}
        if measure.higher_is_better is not None:
            for label, found in against_best(whole, measure.higher_is_better).items():
                known = scores[label][name]
                scores[label][name] = Score(known.mean, known.seeds, *found)
    lines = [Line(row, _costs(reports[row.label]), scores[row.label]) for row in rows]
    last = reports[rows[-1].label][0]
    return Standing(block, setting, len(read[0].of(setting)), lines, last.notes, last.missing)


def _means(reports: Sequence[Report], block: Block, setting: Setting) -> dict[str, Score]:
    summaries: list[dict[str, Any]] = [report.summary[setting] for report in reports]
    found = {}
    for name in [*SET_MEASURES, *MEASURES]:
        values = [summary[name] for summary in summaries if name in summary]
        if len(values) == len(summaries) and shown(name, block):
            found[name] = Score(fmean(values), values)
    return found


def _whole(scores: dict[str, Score]) -> bool:
    """Tell of no broken pictures, which would tie by what counts NaN as a number, as the gamut."""
    return not any(math.isnan(scores[name].mean) for name in MEASURES if name in scores)


def _costs(reports: Sequence[Report]) -> dict[str, float]:
    """Return the means of what the trainings have cost."""
    found = {}
    for name in COSTS:
        values = [report.about.get(name) for report in reports]
        # Comparing is exact: a file may hold whole numbers beyond all floats.
        if all(isinstance(value, int | float) and value <= float_info.max for value in values):
            found[name] = fmean(values)  # type: ignore[arg-type]
    return found
