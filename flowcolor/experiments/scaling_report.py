"""What more photographs help: errors by their number, slopes, a table and a picture."""

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.compare import read_alike
from flowcolor.evaluation.plain import plain
from flowcolor.evaluation.power_law import Slope, power_law
from flowcolor.evaluation.scores import SETTINGS, Setting
from flowcolor.evaluation.table import TITLES
from flowcolor.experiments.scaling import Scaling
from flowcolor.experiments.scaling_errors import ALL, errors_of, label
from flowcolor.io.whole_file import write_together

Errors = dict[str, NDArray[np.float64]]


class ScalingResults:
    """Errors of all runs; every run must be finished.

    Args:
        scaling: The runs.
        counts: How many photographs trained, by share.

    Attributes:
        counts: Of photographs, ascending.
        errors: By setting and score, a row for each test image, or one of them all, and a column
            for each count, means over seeds.
    """

    def __init__(self, scaling: Scaling, counts: Mapping[float, int]) -> None:
        shares = sorted(scaling.shares)
        self.scaling = scaling
        self.counts = [counts[share] for share in shares]
        runs = list(scaling)
        reports = read_alike([run.result for run in runs])
        found = {(r.share, r.seed): report for r, report in zip(runs, reports, strict=True)}
        self.errors: dict[Setting, Errors] = {}
        for setting in SETTINGS:
            columns = [
                [errors_of(found[share, seed], setting) for seed in scaling.seeds]
                for share in shares
            ]
            names = set.intersection(*(set(one) for column in columns for one in column))
            self.errors[setting] = {
                name: np.array([np.mean([one[name] for one in column], 0) for column in columns]).T
                for name in ALL
                if name in names
            }

    def slopes(self, setting: Setting) -> dict[str, Slope]:
        """Return the slope of every error that stays above 0."""
        fitted = {
            name: power_law(self.counts, errors) for name, errors in self.errors[setting].items()
        }
        return {name: slope for name, slope in fitted.items() if np.isfinite(slope.slope)}

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        return {
            "options": list(self.scaling.words),
            "seeds": list(self.scaling.seeds),
            "photographs": self.counts,
            "settings": {
                setting: {
                    name: {
                        "errors": self.errors[setting][name].mean(0).tolist(),
                        **asdict(slope),
                    }
                    for name, slope in self.slopes(setting).items()
                }
                for setting in SETTINGS
            },
        }


def scaling_table(results: ScalingResults) -> str:
    """Lay errors and slopes out as text."""
    heads = "".join(f"{count:>10}" for count in results.counts)
    seeds = len(results.scaling.seeds)
    rows = [f"errors after training on so many photographs, {seeds} seed{'s' if seeds > 1 else ''}"]
    for setting in SETTINGS:
        slopes = results.slopes(setting)
        if slopes:
            rows += ["", TITLES[setting], f"  {'':44}{heads}{'slope':>9}  95 % interval"]
        for name, slope in slopes.items():
            means = results.errors[setting][name].mean(0)
            numbers = "".join(f"{value:>10.4g}" for value in means)
            known = math.isfinite(slope.low)
            interval = f"[{slope.low:+.3f}, {slope.high:+.3f}]" if known else "-"
            rows.append(f"  {label(name):44}{numbers}{slope.slope:>+9.3f}  {interval}")
    rows.append("A slope of -0.5: four times as many photographs halve the error.")
    return "\n".join(rows)


def write_scaling(results: ScalingResults, folder: Path) -> list[Path]:
    """Write ``slopes.json``, everything, and ``slopes.png``, errors over photographs."""
    paths = [folder / "slopes.json", folder / "slopes.png"]
    text = json.dumps(plain(results.plain()), indent=1, ensure_ascii=False)
    write_together({paths[0]: text + "\n", paths[1]: _drawn(results)})
    return paths


def _drawn(results: ScalingResults) -> bytes:
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullLocator

    panels: Sequence[tuple[Setting, str, Slope]] = [
        (setting, name, slope)
        for setting in SETTINGS
        for name, slope in results.slopes(setting).items()
    ]
    across = 4
    down = -(-len(panels) // across)
    figure = Figure(figsize=(3.2 * across, 2.8 * down), layout="constrained")
    for place, (setting, name, slope) in enumerate(panels, 1):
        axes = figure.add_subplot(down, across, place)
        errors = results.errors[setting][name].mean(0)
        axes.loglog(results.counts, errors, "o")
        x = np.log(np.array(results.counts, dtype=np.float64))
        line = np.exp(np.log(errors).mean() + slope.slope * (x - x.mean()))
        axes.loglog(results.counts, line, "--", color="gray")
        axes.set_title(f"{setting}: {label(name)}\nslope {slope.slope:+.2f}", fontsize=8)
        axes.set_xlabel("photographs")
        axes.set_xticks(results.counts, [str(count) for count in results.counts])
        axes.xaxis.set_minor_locator(NullLocator())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
