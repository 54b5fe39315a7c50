"""Scores of a validation or a test: a callback that sees batches and results, and nothing else."""

from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from flowcolor.arguments import check_choice, check_type, plain_numbers
from flowcolor.bounds import whole_within
from flowcolor.console import shown
from flowcolor.data.batch import Batch
from flowcolor.data.cross_reference import reference_names
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.costs import Costs, measure_costs, plain_costs
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.probes import Paint, first_pairs, probe_scores
from flowcolor.evaluation.region_scores import REGION_SETS, RegionSet
from flowcolor.evaluation.report import Evaluation, Report
from flowcolor.evaluation.report_files import write_report
from flowcolor.evaluation.scores import SETTINGS, SketchFilter
from flowcolor.evaluation.table import table
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.callbacks.validation import Validation
from flowcolor.training.objectives.base import colorize_batch
from flowcolor.training.run_folder import log_folder
from flowcolor.training.say import say
from flowcolor.training.task import Task

_MOST_TIMED = 10_000


class Evaluator(Callback):
    """Score validations briefly and tests in full; write a test's report as JSON and CSV.

    A validation logs SSIM and PSNR over all pairs of the first loader, lines and colours over the
    second. A test scores every pair, and pretrained networks look at them where they are there.

    Args:
        networks: Which pretrained networks look at a test's results.
        about: What is tested, in plain values, for the report.
        roundtrip: Has measured round trips, for the report.
        regions: What the numbers of label maps mean, where the data have some.
        probes: How many pairs of the cross setting a test paints again, all processes together, see
            :func:`~flowcolor.evaluation.probes.probe_scores`.
        timed: How often a test paints one picture, to say how long that takes.

    Attributes:
        report: Of the last test.
    """

    @plain_numbers
    def __init__(
        self,
        networks: Networks | None = None,
        about: dict[str, Any] | None = None,
        roundtrip: RoundTripMonitor | None = None,
        regions: RegionSet = "faces",
        probes: int = 16,
        timed: int = 10,
    ) -> None:
        whole_within("--probes", probes, 0)
        whole_within("--timed", timed, 0, _MOST_TIMED)
        check_choice(self, regions=(regions, RegionSet))
        networks = Networks() if networks is None else networks
        about = {} if about is None else about
        check_type(self, Networks, networks=networks)
        check_type(self, dict, about=about)
        if roundtrip is not None:
            check_type(self, RoundTripMonitor, roundtrip=roundtrip)
        self.networks = networks
        self.about = about
        self.roundtrip = roundtrip
        self.regions = REGION_SETS[regions]
        self.probes = probes
        self._probed = 0
        self.timed = timed
        self._costs: Costs | None = None
        self.report: Report | None = None
        self._unwritten: Report | None = None
        self._validation = Validation()
        self._evaluation: Evaluation | None = None

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Score one batch; of the cross setting there is one only."""
        if SETTINGS[dataloader_idx] == "self":
            self._validation.add_self(batch, outputs["result"])
        else:
            self._validation.add_cross(batch, outputs["result"], sketch_filter_of(trainer))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the means over all processes."""
        for name, value in self._validation.compute().items():
            shown = name in {"val/ssim", "val/psnr"}
            pl_module.log(name, value, prog_bar=shown, sync_dist=True, batch_size=1)

    def on_test_start(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Look for the networks of the scores, before anything is coloured."""
        self.report = self._unwritten = None
        self._probed = 0
        self._costs = None
        self._evaluation = Evaluation(
            sketch_filter_of(trainer), self.networks, SETTINGS, pl_module.size, self.regions
        )

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Score every pair of one batch."""
        assert self._evaluation is not None  # noqa: S101 - on_test_start has made it
        dataset: Any = trainer.test_dataloaders[dataloader_idx].dataset  # type: ignore[index]
        references = reference_names(dataset)
        names = [references[name] for name in batch["name"]]
        setting, result = SETTINGS[dataloader_idx], outputs["result"]
        further: dict[str, Tensor] = {}
        if setting == "cross":
            further = self._probe(trainer, pl_module, batch, result)
            if batch_idx == 0 and self.timed:
                self._costs = self._measure(trainer, pl_module, first_pairs(batch, 1))
        whole: Batch = {**batch, "reference_name": names, "painted": outputs["painted"]}
        self._evaluation.add(setting, whole, result, further)

    def _probe(
        self, trainer: Trainer, task: Task, batch: Batch, result: Tensor
    ) -> dict[str, Tensor]:
        colorizer, paint = task.colorizer, _painter(trainer, task)
        own = range(trainer.global_rank, self.probes, trainer.world_size)  # As pairs are dealt out.
        pairs = max(0, len(own) - self._probed)
        self._probed += len(result)
        looks = colorizer.reference != "unused"
        return probe_scores(
            paint, batch, result, pairs, reference=looks, chance=colorizer.stochastic
        )

    def _measure(self, trainer: Trainer, task: Task, batch: Batch) -> Costs:
        paint, size = _painter(trainer, task), (task.size, task.size)
        count = _parameters(task)
        return measure_costs(lambda: paint(batch, None), size, count, task.device, self.timed)

    def on_test_epoch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Gather what all processes have scored."""
        assert self._evaluation is not None  # noqa: S101 - on_test_start has made it
        about: dict[str, Any] = {
            "model": type(pl_module.colorizer).__name__,
            "parameters": _parameters(pl_module),
            "size": pl_module.size,
            "content": _content(trainer),
        }
        if self._costs is not None:
            about["costs"] = plain_costs(self._costs)
        errors = self.roundtrip.errors if self.roundtrip else {}
        self.report = self._unwritten = self._evaluation.report(about | self.about, errors)
        self._evaluation = None

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the table and write the report, after the pictures: with it a test is done."""
        report, self._unwritten = self._unwritten, None
        if report is not None and trainer.is_global_zero:
            publish(report, log_folder(trainer))

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Keep the numbers of a test whose pictures could not be written."""
        if isinstance(exception, InputError):
            self.on_test_end(trainer, pl_module)


def publish(report: Report, folder: Path) -> None:
    """Write a report as JSON and CSV and print its table."""
    say(table(report))  # First: the disk may be full.
    say("\n".join(f"wrote {shown(path)}" for path in write_report(report, folder, "test")))


def report_of(trainer: Trainer) -> Report | None:
    """Return the report of the trainer's last test, if it has an evaluator."""
    evaluators = [c for c in trainer.callbacks if isinstance(c, Evaluator)]  # type: ignore[attr-defined]
    return evaluators[0].report if evaluators else None


def _painter(trainer: Trainer, task: Task) -> Paint:
    """Return what paints a batch as a test does."""

    def paint(batch: Batch, generator: torch.Generator | None) -> Tensor:
        with trainer.precision_plugin.forward_context():
            return colorize_batch(task.colorizer, batch, generator)

    return paint


def _parameters(task: Task) -> int:
    return sum(parameter.numel() for parameter in task.colorizer.parameters())


def sketch_filter_of(trainer: Trainer) -> SketchFilter | None:
    """Return what the data's drawings were made with, None if it has grey photographs instead.

    Raises:
        InputError: There are loaders alone, which do not say it.
    """
    if trainer.datamodule is None:  # type: ignore[attr-defined]
        raise InputError(
            "A score of lines expects a data module with sketch_filter, got loaders alone, which "
            "do not say what drew their drawings."
        )
    if _content(trainer) == "gray":
        return None
    chosen: SketchFilter | None = trainer.datamodule.sketch_filter  # type: ignore[attr-defined]
    return GradientLines() if chosen is None else chosen


def _content(trainer: Trainer) -> str:
    return str(getattr(trainer.datamodule, "content", "drawing"))  # type: ignore[attr-defined]
