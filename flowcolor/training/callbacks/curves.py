"""Curves of a training: its losses, its validations, and all scores of a few pairs now and then."""

from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch.utils.data import default_collate

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import shown_value, whole_within
from flowcolor.data.batch import Batch, converted
from flowcolor.data.cross_reference import CrossReference, reference_names
from flowcolor.errors import InputError
from flowcolor.evaluation.curves import Point, draw_curves, read_points, write_points
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.network_scores import Networks
from flowcolor.evaluation.report import Evaluation
from flowcolor.evaluation.scores import SETTINGS
from flowcolor.io.files import is_file
from flowcolor.models.round_trip import dtype_of, exact
from flowcolor.training.callbacks.evaluator import sketch_filter_of
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.run_folder import log_folder
from flowcolor.training.samples import colorize_samples
from flowcolor.training.task import Task


class Curves(Callback):
    """Write ``curves.csv`` and, when training ends, ``curves.png`` into the folder of the run.

    Losses are noted as often as they are logged, validations when they end. Beyond that, all scores
    of a test can be followed on the first held-out pairs, which are the same every time.

    Args:
        every_n_steps: Steps between two scorings of these pairs; 0 for none.
        pairs: How many, of each setting.
        networks: Which pretrained networks look at them. FID of few pairs is mostly noise.
        picture: Whether the curves are drawn at the end, which takes about a second.

    Raises:
        InputError: An argument is none of those above.
    """

    @plain_numbers
    def __init__(
        self,
        every_n_steps: int = 0,
        pairs: int = 32,
        networks: Networks | None = None,
        picture: bool = True,
    ) -> None:
        whole_within("curves.every_n_steps", every_n_steps, 0)
        whole_within("curves.pairs", pairs, 2)
        if networks is not None and not isinstance(networks, Networks):
            kind = type(networks).__name__
            raise InputError(f"Curves expects networks to be of type Networks, got {kind}.")
        if not isinstance(picture, bool):
            got = shown_value(picture)
            raise InputError(f"Curves expects picture to be True or False, got {got}.")
        self.every_n_steps = every_n_steps
        self.pairs = pairs
        self.networks = networks or Networks()
        self.picture = picture
        self.points: list[Point] = []
        self._begun = False
        self._evaluation: Evaluation | None = None

    def on_train_start(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Take up the curves of a run that goes on, as far as its checkpoint goes."""
        self._begin(trainer, pl_module)
        if self.every_n_steps:
            filter_ = sketch_filter_of(trainer)
            self._evaluation = Evaluation(filter_, self.networks, SETTINGS, pl_module.size)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Note losses, and score the pairs when it is time to."""
        if not pl_module.moved:
            return
        step = pl_module.steps
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]
        if every and step % every == 0:  # 0 is Lightning's word for never.
            self._note(trainer, "train/", step)
        if self.every_n_steps and step % self.every_n_steps == 0:
            self._score(trainer, pl_module)
            self._write(trainer)

    def on_validation_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Note the scores of a validation in training."""
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._note(trainer, "val/", pl_module.steps)
            self._write(trainer)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]
    ) -> None:
        """Leave the curves until here to what goes on from this checkpoint after a kill."""
        if self._begun:
            self._write(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Draw the curves, also of a training that was over when it was resumed."""
        if not self._begun:
            self._begin(trainer, pl_module)
        self._draw(trainer)

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        """Draw the curves of a training that was interrupted, too."""
        ended = isinstance(exception, KeyboardInterrupt | SIGTERMException)
        if ended and self._begun:
            self._draw(trainer)

    def _begin(self, trainer: Trainer, task: Task) -> None:
        path = _file(trainer)
        before = read_points(path) if is_file(path) else []
        self.points = [point for point in before if point.step <= task.steps]
        self._begun = True

    def _note(self, trainer: Trainer, prefix: str, step: int) -> None:
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
        monitors = [each for each in callbacks if isinstance(each, RoundTripMonitor)]
        # Lightning keeps what is measured now and then for the steps in between.
        old = [] if any(each.step == step for each in monitors) else ["train/roundtrip_"]
        new = {
            name: Point(step, name, float(value))
            for name, value in trainer.callback_metrics.items()
            if name.startswith(prefix) and not name.startswith(tuple(old))
        }
        # A run that goes on from a checkpoint of the batch before a validation validates again.
        start = bisect_left(self.points, step, key=lambda point: point.step)
        kept = [point for point in self.points[start:] if point.name not in new]
        self.points[start:] = [*kept, *new.values()]

    def _score(self, trainer: Trainer, task: Task) -> None:
        assert self._evaluation is not None  # noqa: S101 - on_train_start has made it
        self._evaluation.reset()
        for setting, batch in self._batches(trainer):
            on_device = _ready(trainer, task, batch)
            with exact(task.colorizer):
                painted = colorize_samples(task.colorizer, on_device).float()
                whole: Batch = {**on_device, "painted": painted}
                self._evaluation.add(setting, whole, painted.clamp(0, 1))
        summary = self._evaluation.report({}).summary
        self.points += [
            Point(task.steps, f"{setting}/{name}", float(numbers[name]))
            for setting, numbers in summary.items()
            for name in MEASURES | SET_MEASURES
            if name in numbers
        ]

    def _batches(self, trainer: Trainer) -> Iterator[tuple[Any, Batch]]:
        """Yield this process's part of the pairs, so that each is scored once."""
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        photos = data.val_dataloader()[0].dataset
        for setting, part in zip(
            SETTINGS, (photos, CrossReference(photos, data.seed)), strict=True
        ):
            names = reference_names(part)
            places = range(trainer.global_rank, min(self.pairs, len(part)), trainer.world_size)
            for start in range(0, len(places), data.batch_size):
                items = [part[place] for place in places[start : start + data.batch_size]]
                batch = default_collate(items)
                batch["reference_name"] = [names[name] for name in batch["name"]]
                yield setting, batch

    def _write(self, trainer: Trainer) -> None:
        if trainer.is_global_zero and not _is_trial(trainer):
            write_points(self.points, _file(trainer))

    def _draw(self, trainer: Trainer) -> None:
        self._write(trainer)
        drawn = self.picture and self.points and trainer.is_global_zero
        if drawn and not _is_trial(trainer):
            draw_curves(self.points, _file(trainer).with_suffix(".png"))


def _file(trainer: Trainer) -> Path:
    return log_folder(trainer) / "curves.csv"


def _is_trial(trainer: Trainer) -> bool:
    return bool(trainer.fast_dev_run)  # type: ignore[attr-defined]


def _ready(trainer: Trainer, task: Task, batch: Batch) -> Batch:
    """Bring a batch where and as the model takes it."""
    data: Any = trainer.datamodule  # type: ignore[attr-defined]
    moved = data.complete(data.transfer_batch_to_device(batch, task.device, 0), training=False)
    return converted(moved, dtype_of(task.colorizer))
