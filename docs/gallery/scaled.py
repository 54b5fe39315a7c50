"""What ``flowcolor scaling`` draws, of errors that were made up: real ones take days."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from torch import Tensor

from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import PairScore
from flowcolor.experiments.scaling import Scaling, ScalingRun
from flowcolor.experiments.scaling_report import ScalingResults, write_scaling
from flowcolor.io.images import read_image

Picture = tuple[str, Tensor]
COUNTS = {0.125: 1000, 0.25: 2000, 0.5: 4000, 1.0: 8000}
POWERS = {"self": 0.3, "cross": 0.15}  # By which errors fall.


def slopes() -> Iterator[Picture]:
    """Errors of twelve drawings by the number of photographs, on logarithmic axes."""
    with TemporaryDirectory() as place:
        scaling = Scaling((), tuple(COUNTS), (0,), Path(place))
        for run in scaling:
            _make_up(run)
        write_scaling(ScalingResults(scaling, COUNTS), Path(place))
        yield "scaling-slopes", read_image(Path(place) / "slopes.png")


def _make_up(run: ScalingRun) -> None:
    random = np.random.default_rng(COUNTS[run.share])
    pairs = []
    for setting, power in POWERS.items():
        for index in range(12):
            chance, other = random.lognormal(0, 0.1, 2)
            error, square = 0.3 * run.share**-power, 0.02 * run.share ** (-2 * power)
            scores = {"ssim": 1 - error * chance, "psnr": -10 * float(np.log10(square * other))}
            blank = [0.0] * 3
            pairs.append(PairScore(setting, index, str(index), "x", {}, scores, blank, blank))
    write_report(Report(pairs), run.result.parent, "test")
