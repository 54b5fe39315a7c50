"""The table of a test, as text."""

from collections.abc import Iterator
from typing import Any

from flowcolor.evaluation.costs import costs_of
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.report import ANSWERS, Report
from flowcolor.evaluation.scores import Setting

TITLES: dict[Setting, str] = {
    "self": "self-reference (the drawing's own photograph, deformed)",
    "cross": "cross-reference (the photograph of somebody else)",
}
WIDTH = 44


def table(report: Report) -> str:
    """Lay a report out as text."""
    rows = []
    for setting, summary in report.summary.items():
        rows += [f"{TITLES[setting]}, N = {summary['pairs']}", *_answers(summary)]
        rows += _numbers(summary, report.notes)
    rows += [f"{_label(name)}: {note}" for name, note in report.notes.items()]
    for why in dict.fromkeys(report.missing.values()):
        names = [_label(name) for name, reason in report.missing.items() if reason == why]
        rows.append(f"not computed: {', '.join(names)}: {why}")
    if report.roundtrip:
        errors = ", ".join(f"{name} {error:.1e}" for name, error in report.roundtrip.items())
        rows.append(f"round trip, largest error: {errors}")
    costs = costs_of(report.about)
    if costs is not None:
        rows.append(costs.text())
    return "\n".join(rows)


def _answers(summary: dict[str, Any]) -> Iterator[str]:
    """Yield the result's scores above those of the trivial answers."""
    names = [name for name in MEASURES if f"{name}_tint" in summary]
    heads = [MEASURES[name].short or MEASURES[name].label for name in names]
    yield "".join([" " * WIDTH, *(f"{head:>9}" for head in heads)])
    for suffix, label in ANSWERS.items():
        values = [MEASURES[name].text(summary[name + suffix]) for name in names]
        yield "".join([f"  {label:{WIDTH - 2}}", *(f"{value:>9}" for value in values)])


def _numbers(summary: dict[str, Any], notes: dict[str, str]) -> Iterator[str]:
    """Yield what only the result has."""
    count = summary["pairs"]
    for name, measure in (SET_MEASURES | MEASURES).items():
        if name in summary and f"{name}_tint" not in summary:
            label = measure.label
            if "random weights" in notes.get(name, ""):
                label += " (random weights, not comparable)"
            some = (
                f" in {summary[f'{name}_pairs']} of {count}" if f"{name}_pairs" in summary else ""
            )
            yield f"  {label:{WIDTH - 2}}{measure.text(summary[name]):>9}{some}"
    for name, label in (
        ("lines_follow_sketch", "lines follow the sketch"),
        ("colors_follow_reference", "colours follow the reference"),
    ):
        if name in summary:
            text = f"{summary[name]} of {count}"
            yield f"  {label:{WIDTH - 2}}{text:>9}"


def _label(name: str) -> str:
    return (MEASURES | SET_MEASURES)[name].label
