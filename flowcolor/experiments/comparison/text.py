"""A comparison as tables of text and of Markdown."""

import math
from collections.abc import Sequence

from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.experiments.comparison.blocks import Block
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.reading import TITLES
from flowcolor.experiments.comparison.standing import Line, Standing

CONTENTS = {"gray": "Grey photographs", "drawing": "Drawings"}
NOT_THE_PAPERS = (
    "Small pictures, small networks and short trainings: not the quality of the papers, and not "
    "to be compared with their numbers."
)
MEMORY = "The two portraits of the package train and test alike: this is memory, not quality."
MARKS = (
    "*: best of its column, =: its difference from the best is not more than the choice of pairs "
    "explains (95 %), (...): no method, to read the numbers by, +: trained before, on photographs "
    "and for a time of its own, with its size where that is another."
)
COST_HEADS = {
    "parameters": "params",
    "gmacs": "GMACs",
    "seconds": "s/picture",
    "minutes": "minutes",
    "steps": "steps",
}
HEADS = {
    "lines": "lines",
    "lines_control": "control",
    "sharpness": "sharp",
    "bleeding": "bleeding",
    "colors": "colours",
    "mean_color": "mean",
    "luminance": "luma",
    "hint_error": "at points",
    "gamut": "gamut",
    "sensitivity": "sensitive",
    "diversity": "diverse",
}


def heading(comparison: Comparison, pairs: int) -> list[str]:
    """Return what stands above all tables."""
    seeds = ", ".join(map(str, comparison.seeds))
    named = "seed" if len(comparison.seeds) == 1 else "seeds"
    what, size = CONTENTS[comparison.content], f"{comparison.size}x{comparison.size}"
    return [
        f"{what} at {size}, N = {pairs}, {comparison.budget}, {named} {seeds}.",
        NOT_THE_PAPERS,
        *([MEMORY] if comparison.embedded else []),
        MARKS,
    ]


def title(standing: Standing, points: int) -> str:
    """Say what the methods of a table are told."""
    titles: dict[tuple[Block, str], str] = {
        ("automatic", "self"): "Automatic: no reference",
        ("exemplar", "self"): "By a reference: the content's own photograph, deformed",
        ("exemplar", "cross"): "By a reference: the photograph of somebody else",
        ("hints", "cross"): f"By colours of the truth at {points} points; methods that need a "
        "reference have somebody else's",
    }
    return titles[standing.block, standing.setting]


def as_text(standing: Standing, points: int) -> str:
    """Lay one table out for the terminal."""
    heads, *rows = _cells(standing)
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    lines = [f"{title(standing, points)}, N = {standing.pairs}"]
    for row in (heads, *rows):
        cells = [f"{cell:>{width + 2}}" for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append(f"  {row[0]:{widths[0]}}{''.join(cells)}".rstrip())
    return "\n".join([*lines, *_intervals(standing), *_remarks(standing)])


def as_markdown(standing: Standing, points: int) -> str:
    """Lay one table out for a page."""
    heads, *rows = _cells(standing)
    lines = [f"## {title(standing, points)}", ""]
    rule = ["---", *["---:"] * (len(heads) - 1)]
    lines += ["| " + " | ".join(row).replace("*", r"\*") + " |" for row in (heads, rule, *rows)]
    return "\n".join([*lines, "", *(f"{x.strip()}\n" for x in _remarks(standing))]).rstrip()


def _cells(standing: Standing) -> list[list[str]]:
    costs = [name for name in COST_HEADS if any(name in line.costs for line in standing.lines)]
    heads = ["", *(COST_HEADS[name] for name in costs), *map(_head, standing.columns)]
    rows = [
        [
            _label(line),
            *(_cost(name, line.costs.get(name)) for name in costs),
            *(_score(line, name) for name in standing.columns),
        ]
        for line in standing.lines
    ]
    return [heads, *rows]


def _label(line: Line) -> str:
    if line.row.kind == "reading":
        return TITLES[line.row.label]
    if line.row.kind == "given":
        size = line.costs.get("trained_at")
        return f"{line.row.label} +" if size is None else f"{line.row.label} + at {size:.0f}"
    return line.row.label


def _cost(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    forms = {"parameters": f"{value / 1e6:.2f} M", "steps": f"{value:.0f}"}
    forms |= {"minutes": f"{value:.1f}", "seconds": f"{value:.3f}", "gmacs": f"{value:.3g}"}
    return forms[name]


def _head(name: str) -> str:
    measure = (SET_MEASURES | MEASURES)[name]
    return HEADS.get(name) or measure.short or measure.label


def _score(line: Line, name: str) -> str:
    if name not in line.scores:
        return "-"
    score = line.scores[name]
    return f"{(SET_MEASURES | MEASURES)[name].text(score.mean)}{score.mark}"


def _intervals(standing: Standing) -> list[str]:
    """Say for the first score how far the others are from the best."""
    name = next((n for n in standing.columns if _has_best(standing.lines, n)), None)
    if name is None:
        return []
    scores = {_label(line): line.scores[name] for line in standing.lines if name in line.scores}
    best = next(label for label, score in scores.items() if score.best)
    parts = [
        f"{label} [{score.low:+.3f}, {score.high:+.3f}]"
        for label, score in scores.items()
        if math.isfinite(score.low)
    ]
    return [f"  {_head(name)} minus that of {best}, 95 % intervals: {', '.join(parts)}"]


def _has_best(lines: Sequence[Line], name: str) -> bool:
    return any(name in line.scores and line.scores[name].best for line in lines)


def _remarks(standing: Standing) -> list[str]:
    rows = [f"  {_head(name)}: {note}" for name, note in standing.notes.items()]
    missing = ", ".join(map(_head, standing.missing))
    return [*rows, *([f"  not computed: {missing}"] if missing else [])]
