"""The chart of a study: stacked bars of grades, or rates with their intervals."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowcolor.evaluation.figures import name_in_figure, write_figure
from flowcolor.evaluation.study.html import texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# From poor to very satisfied: two hues that people with any colour vision tell apart.
COLORS = ("#b2182b", "#f4a582", "#d9d9d9", "#92c5de", "#2166ac")
TITLES = {
    "geometry": "Lines and shapes of the drawing",
    "color": "Colours of the reference",
    "fool": "Taken for the real photograph",
}


def write_chart(questions: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw one panel for each question and write a PNG.

    Args:
        questions: As in ``report.json``.
        path: The file.

    Raises:
        InputError: It cannot be written.
    """
    from matplotlib.figure import Figure

    count = max(len(found["methods"]) for found in questions.values())
    figure = Figure(figsize=(5.5 * len(questions), 1.6 + 0.45 * count), layout="constrained")
    for index, (question, found) in enumerate(questions.items()):
        axes = figure.add_subplot(1, len(questions), index + 1)
        (_rates if question == "fool" else _grades)(axes, found["methods"])
        axes.set_title(TITLES[question])
        axes.invert_yaxis()  # The first method on top.
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter("{x:.0%}")
    if "fool" not in questions:
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    write_figure(figure, path, dpi=150)


def _grades(axes: "Axes", methods: dict[str, dict[str, Any]]) -> None:
    names = list(methods)
    left = [0.0] * len(names)
    for grade in reversed(range(len(COLORS))):
        shares = [methods[name]["shares"][grade] for name in names]
        # Who has no grades has an empty bar.
        width = [0.0 if math.isnan(share) else share for share in shares]
        label = texts()["en"]["grades"][grade]
        axes.barh(range(len(names)), width, left=left, color=COLORS[grade], label=label)
        left = [a + b for a, b in zip(left, width, strict=True)]
    axes.set_yticks(range(len(names)), [*map(name_in_figure, names)], parse_math=False)


def _rates(axes: "Axes", methods: dict[str, dict[str, Any]]) -> None:
    for row, numbers in enumerate(methods.values()):
        axes.plot([numbers["low"], numbers["high"]], [row, row], color=COLORS[4], linewidth=3)
        axes.plot([numbers["mean"]], [row], "o", color=COLORS[4])
    axes.axvline(0.5, color="black", linestyle=":")  # Nobody can tell.
    axes.set_yticks(range(len(methods)), [*map(name_in_figure, methods)], parse_math=False)
