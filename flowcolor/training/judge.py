"""What a test does with the painted drawings: score, gather, print and write."""

from pathlib import Path
from typing import Any

from torch import Tensor

from flowcolor.evaluation.files import write_report
from flowcolor.evaluation.networks import Networks
from flowcolor.evaluation.scores import SETTINGS, Setting, SketchFilter
from flowcolor.evaluation.summary import Evaluation, Report
from flowcolor.evaluation.table import table
from flowcolor.training.say import say
from flowcolor.training.shares import Batch, reference_names


class Judge:
    """Score the batches of one test after another.

    Attributes:
        networks: Which pretrained networks look at the results.
        about: What is tested, in plain values, for the report.
        folder: Where the files go; ``None``: the folder of the run.
        report: Of the last test.
    """

    def __init__(self) -> None:
        self.networks = Networks()
        self.about: dict[str, Any] = {}
        self.folder: Path | None = None
        self.report: Report | None = None
        self._evaluation: Evaluation | None = None

    def begin(self, sketch_filter: SketchFilter, size: int) -> None:
        """Look for the networks, before anything is painted."""
        self.report = None
        self._evaluation = Evaluation(sketch_filter, self.networks, SETTINGS, size)

    def add(self, setting: Setting, batch: Batch, result: Tensor, dataset: Any) -> None:
        """Score one batch of a dataset."""
        assert self._evaluation is not None  # noqa: S101 - begin has made it
        references = reference_names(dataset)
        names = [references[name] for name in batch["name"]]
        self._evaluation.add(setting, {**batch, "reference_name": names}, result)

    def finish(self, about: dict[str, Any], roundtrip: dict[str, Tensor]) -> Report:
        """Return what all processes have scored; all have to ask."""
        assert self._evaluation is not None  # noqa: S101 - begin has made it
        errors = {name: float(value) for name, value in roundtrip.items()}
        self.report = self._evaluation.report(about | self.about, errors)
        self._evaluation = None
        return self.report


def publish(report: Report, folder: Path) -> None:
    """Write a report as JSON and CSV and print its table."""
    paths = write_report(report, folder, "test")
    say("\n".join([table(report), *(f"wrote {path}" for path in paths)]))
