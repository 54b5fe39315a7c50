"""Published tables as Markdown, each with its source, what sets it apart, and ours beside it."""

import textwrap
from collections.abc import Sequence
from typing import Any

from benchmarks.published.numbers import Table
from benchmarks.published.runs import matching
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES

_MEASURES = {**SET_MEASURES, **MEASURES}
_WIDTH = 110
_HEADS = {
    "parameters": "params",
    "memory": "GPU memory",
    "gmacs": "GMACs",
    "gmacs of a step": "GMACs of a step",
    "held": "MB held of an image",
    "held reversible": "MB, reversible",
    "seconds": "s/picture",
    "step": "s/step",
    "fooled": "taken for real",
}
_CONTENTS = {"gray": "grey photographs", "drawing": "drawings"}


def published_table(
    table: Table, runs: Sequence[dict[str, Any]], systems: Sequence[dict[str, Any]]
) -> str:
    """Lay one published table out, with our numbers of the same systems on the right.

    Args:
        table: What is printed.
        runs: Comparisons of ours.
        systems: What our systems cost at their published sizes.
    """
    runs = [run for run in runs if run["content"] == table.content]
    here = _systems_here(systems) if table.ours == "systems" else _runs_here(runs)
    text = f"{table.source}, {table.place}. **Not to be compared.** {table.apart} {here}"
    heads = ["system", *map(_head, table.measures), "here", *(_head(x) for x in table.here)]
    lines = [heads, ["---", *["---:"] * len(table.measures), "---", *["---:"] * len(table.here)]]
    for row in table.rows:
        if table.ours == "systems":
            found = [each for each in systems if set(each["names"]) & set(row.ours)]
        else:
            found = list(matching(table, row.ours, runs))
        empty = ["", *[""] * len(row.printed)]
        for number, ours in enumerate(found or [{"method": "-", "numbers": {}}]):
            left = empty if number else [row.system.replace("*", r"\*"), *row.printed]
            numbers = [show(name, ours["numbers"].get(name)) for name in table.here]
            lines.append([*left, ours["method"], *numbers])
    return "\n\n".join([f"## {table.title}", textwrap.fill(text, _WIDTH), rows(lines)])


def rows(lines: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as a Markdown table, the first two of which are heads and rule."""
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def show(name: str, value: float | None) -> str:
    """Return one of our numbers as it is printed, or a dash.

    Example:
        >>> show("ssim", 0.5), show("parameters", 6463616.0), show("fid", None)
        ('0.5000', '6.46 M', '-')
    """
    if value is None:
        return "-"
    if name == "parameters":
        return f"{value / 1e6:.2f} M"
    if name in ("seconds", "step"):
        return f"{value:.3f}"
    return _MEASURES[name].text(value) if name in _MEASURES else f"{value:.1f}"


def short(name: str) -> str:
    """Return what stands above a column."""
    if name in _HEADS or name not in _MEASURES:
        return _HEADS.get(name, name)
    return _MEASURES[name].short or _MEASURES[name].label


def _head(name: str) -> str:
    measure, _, data = name.partition(" of ")
    return short(name) if name in _HEADS or not data else f"{short(measure)}, {data}"


def _systems_here(systems: Sequence[dict[str, Any]]) -> str:
    if not systems:
        return "Here: not counted yet."
    return (
        "Here: the published layouts, of one image, with what is alive between forward and "
        'backward (10^6 bytes), plainly and with `memory="reversible"`.'
    )


def _runs_here(runs: Sequence[dict[str, Any]]) -> str:
    if not runs:
        return "Here: no run yet."
    return "Here: " + "; ".join(map(describe, runs)) + "."


def describe(run: dict[str, Any]) -> str:
    """Say what a run of ours was: what was coloured, how many, and how long was trained."""
    minutes, steps = run["budget"]["minutes"], run["budget"]["steps"]
    budget = f"{minutes:g} minutes" if minutes else f"{steps} steps" if steps else None
    pairs = max((row["pairs"] for row in run["rows"]), default=0)
    seeds = ", ".join(map(str, run["seeds"]))
    notes = "".join(f", {short(name)}: {note}" for name, note in run["notes"].items())
    training = f"{budget} of training a network" if budget else "networks trained before"
    size = f"{run['size']}x{run['size']}"
    named = "seed" if len(run["seeds"]) == 1 else "seeds"
    return f"{_CONTENTS[run['content']]} at {size}, N = {pairs}, {training}, {named} {seeds}{notes}"
