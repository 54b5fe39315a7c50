"""What the judgements of one question add up to, in plain values."""

from dataclasses import asdict
from typing import Any

import numpy as np

from flowcolor.evaluation.study.agreement import krippendorff
from flowcolor.evaluation.study.answers import GRADES
from flowcolor.evaluation.study.intervals import means, two_way_intervals
from flowcolor.evaluation.study.judgements import Judgements
from flowcolor.evaluation.study.preferences import friedman, grades_of_people, pair_tests

WORST = 3


def summarise(table: Judgements, resamples: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the numbers of one question, and by what was not computed, why.

    Args:
        table: The judgements.
        resamples: Of the bootstrap.
    """
    people, pairs, _ = table.values.shape
    missing: dict[str, str] = {}
    centre, ends = means(table.values), two_way_intervals(table.values, resamples)
    if people < 2 or pairs < 2:
        missing["intervals"] = (
            f"expect at least 2 participants and 2 pairs, got {people} and {pairs}"
        )
    found: dict[str, Any] = {"pairs": pairs, "methods": {}}
    for index, method in enumerate(table.methods):
        own = table.values[..., index]
        numbers = _counts(table, own[np.isfinite(own)])
        numbers |= {"mean": centre[index], "low": ends[index, 0], "high": ends[index, 1]}
        found["methods"][method] = numbers | {"worst": _worst(table, index)}
    if table.question != "fool":
        found |= _tests(table, missing)
    return found, missing


def _counts(table: Judgements, judged: np.ndarray) -> dict[str, Any]:
    numbers: dict[str, Any] = {"count": len(judged)}
    if table.question == "fool":
        return numbers | {"taken_for_real": int(judged.sum())}
    counts = [int((judged == grade).sum()) for grade in GRADES]
    shares = [count / len(judged) if len(judged) else float("nan") for count in counts]
    return numbers | {"counts": counts, "shares": shares}


def _worst(table: Judgements, method: int) -> list[dict[str, Any]]:
    """Return the drawings on which a method is liked least, the worst first."""
    each = means(np.swapaxes(table.values[:, :, [method]], 1, 2))
    order = [int(place) for place in np.argsort(each, kind="stable") if np.isfinite(each[place])]
    return [{"pair": table.pairs[place], "mean": float(each[place])} for place in order[:WORST]]


def _tests(table: Judgements, missing: dict[str, str]) -> dict[str, Any]:
    people, pairs, methods = table.values.shape
    grades = grades_of_people(table.values)
    overall, pairwise = friedman(grades), pair_tests(grades, table.methods)
    alpha = krippendorff(table.values.reshape(people, pairs * methods))
    if isinstance(overall, str):
        missing["Friedman's test"] = overall
    if isinstance(pairwise, str):
        missing["Wilcoxon's tests"] = pairwise
    if np.isnan(alpha):
        missing["Krippendorff's alpha"] = (
            "expects pictures with two grades or more, and grades that differ"
        )
    return {
        "friedman": None if isinstance(overall, str) else asdict(overall),
        "wilcoxon": [] if isinstance(pairwise, str) else [asdict(test) for test in pairwise],
        "krippendorff": alpha,
    }
