"""What the proposal expects of three classes of systems, and whether our numbers show it."""

from collections.abc import Sequence
from typing import Any

from benchmarks.published.markdown import describe, rows, show
from benchmarks.published.numbers import Hypothesis, classes, hypotheses
from benchmarks.published.runs import PLACES
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.experiments.scaling_errors import label

_MORE_IS_BETTER = {
    name for name, about in (SET_MEASURES | MEASURES).items() if about.higher_is_better
}
_SETTING = "self"  # What is told no reference is the same in both.


def hypothesis_table(runs: Sequence[dict[str, Any]], scaling: Sequence[dict[str, Any]]) -> str:
    """Lay out each expectation with the order that each of our runs comes to.

    Args:
        runs: Comparisons of ours.
        scaling: Trainings of ours on nested parts of the photographs.
    """
    gray = [run for run in runs if run["content"] == "gray"]
    lines = [["expected", "here, the best or the shortest first", "shows"], ["---", "---", "---"]]
    for expected in hypotheses():
        measure, of, inner = expected.measure.partition(" of ")
        orders = [_slopes(scaling, inner)] if of else [_numbers(run, measure) for run in gray]
        shown = [order for order in orders if len({names for _, names, _ in order}) > 1]
        for order in shown or [[]]:
            text = ", ".join(f"{name} {value}" for name, _, value in order)
            lines.append([expected.says, text or "-", verdict(expected, [x for _, x, _ in order])])
    about = f"Where a row has several orders, they are of {'; '.join(map(describe, gray))}."
    return "\n\n".join([rows(lines), *([about] if len(gray) > 1 else [])])


def verdict(expected: Hypothesis, order: Sequence[str]) -> str:
    """Tell whether a system comes where it is expected, by the means alone.

    Example:
        >>> expected = Hypothesis("Diffusion is slow", "seconds", "palette", first=False)
        >>> verdict(expected, ["pix2pix", "palette"]), verdict(expected, [])
        ('yes', '-')
    """
    if not order:
        return "-"
    return "yes" if order[0 if expected.first else -1] == expected.system else "no"


def scaling_table(scaling: Sequence[dict[str, Any]]) -> str:
    """Lay out by which power of the number of photographs every error falls."""
    heads = ["system", "measure", "photographs", "error", "slope", "95 %"]
    lines = [heads, ["---", "---", "---:", "---:", "---:", "---:"]]
    for one in scaling:
        for name, found in one["settings"].get(_SETTING, {}).items():
            low, high = found.get("low"), found.get("high")
            counts = " / ".join(map(str, one["photographs"]))
            errors = " / ".join(f"{error:.4g}" for error in found["errors"])
            interval = "-" if low is None else f"[{low:+.3f}, {high:+.3f}]"
            slope = f"{found['slope']:+.3f}"
            lines.append([one["method"], label(name), counts, errors, slope, interval])
    return rows(lines) if len(lines) > 2 else "No run yet."


def _numbers(run: dict[str, Any], measure: str) -> list[tuple[str, str, str]]:
    """Return labels, systems and numbers of a run, the best or shortest first."""
    found = []
    for row in run["rows"]:
        system = next((name for name in row["names"] if name in classes()), None)
        value = row["numbers"].get(measure)
        if system and value is not None and row["place"] == [*PLACES["gray"][0]]:
            found.append((value, row["method"], system))
    found.sort(reverse=measure in _MORE_IS_BETTER)
    return [(name, system, show(measure, value)) for value, name, system in found]


def _slopes(scaling: Sequence[dict[str, Any]], measure: str) -> list[tuple[str, str, str]]:
    found = []
    for one in scaling:
        system = next((name for name in one["names"] if name in classes()), None)
        slope = one["settings"].get(_SETTING, {}).get(measure, {}).get("slope")
        if system and slope is not None:
            found.append((slope, one["method"], system))
    return [(name, system, f"{slope:+.3f}") for slope, name, system in sorted(found)]
