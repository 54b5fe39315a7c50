"""Numbers that change while a model learns: kept as CSV, drawn as a picture."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flowcolor.errors import InputError
from flowcolor.evaluation.figures import name_in_figure, write_figure
from flowcolor.io.places import as_path
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text

COLUMNS = ("step", "name", "value")
_PER_ROW = 3  # Panels of a picture.
_PANEL = (4.0, 2.6)  # Width and height with its labels, and these around it, in inches.
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.75, 0.15, 0.5, 0.35


class Point(NamedTuple):
    """One number at one step of a training."""

    step: int
    name: str
    value: float


def write_points(points: Sequence[Point], path: Path | str) -> None:
    """Write points as CSV, a row for each; whole or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    path = as_path(write_points, path)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(points)
    write_text(text.getvalue(), path)


def read_points(path: Path | str) -> list[Point]:
    """Read what :func:`write_points` wrote.

    Raises:
        InputError: The file is missing or something else.
    """
    path = as_path(read_points, path)
    try:
        text = io.StringIO(read_whole(path).decode("utf-8-sig"), newline="")
        # Other columns are other keys, which a point does not have.
        return [
            Point(int(row["step"]), row["name"], float(row["value"]))
            for row in csv.DictReader(text, strict=True)
        ]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(
            f"{path} expects the columns {', '.join(COLUMNS)}, as a training writes them, got "
            "another file."
        ) from error


def draw_curves(points: Sequence[Point], path: Path | str) -> None:
    """Draw each name in a panel of its own, over steps, and write a PNG.

    Args:
        points: At least one. Numbers that are not finite leave a gap.
        path: The picture.

    Raises:
        InputError: It cannot be written.
    """
    from matplotlib.figure import Figure  # Here: most who score draw no curves.

    path = as_path(draw_curves, path)
    curves = by_name(points)
    rows = math.ceil(len(curves) / _PER_ROW)
    across = min(len(curves), _PER_ROW)
    # Measuring every label (a layout of matplotlib's) takes as long again as the drawing.
    figure = Figure(figsize=(_PANEL[0] * across, _PANEL[1] * rows))
    for place, (name, curve) in enumerate(curves.items()):
        axes = figure.add_axes(_box(*divmod(place, across), rows, across))
        # So that no number is wider than the room that it has.
        axes.locator_params(axis="x", nbins=5, integer=True, min_n_ticks=1)
        axes.ticklabel_format(axis="y", scilimits=(-3, 4))
        # Of few points the line alone would not show where they are.
        axes.plot(*zip(*curve, strict=True), marker="." if len(curve) < 30 else "")
        axes.set_title(name_in_figure(name), parse_math=False)
        axes.set_xlabel("step")
        axes.grid(alpha=0.3)
    write_figure(figure, path, dpi=100)


def _box(row: int, column: int, rows: int, across: int) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of a panel's axes, in parts of the picture."""
    width, height = _PANEL
    return (
        (column + _LEFT / width) / across,
        (rows - 1 - row + _BOTTOM / height) / rows,
        (1 - (_LEFT + _RIGHT) / width) / across,
        (1 - (_BOTTOM + _TOP) / height) / rows,
    )


def by_name(points: Sequence[Point]) -> dict[str, list[tuple[int, float]]]:
    """Return step and value of each name, in the order of the steps.

    Example:
        >>> by_name([Point(2, "a", 0.5), Point(1, "a", 1.0)])
        {'a': [(1, 1.0), (2, 0.5)]}
    """
    curves: dict[str, list[tuple[int, float]]] = {}
    for point in sorted(points, key=lambda point: point.step):
        curves.setdefault(point.name, []).append((point.step, point.value))
    return curves
