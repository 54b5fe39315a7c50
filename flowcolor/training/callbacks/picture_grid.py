"""Pictures of what a model paints, while it is trained and when it is tested."""

import json
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from torch import Tensor
from torch.utils.data import default_collate

from flowcolor.arguments import check_flag, plain_numbers
from flowcolor.bounds import whole_within
from flowcolor.console import shown
from flowcolor.data.batch import Batch, converted
from flowcolor.errors import InputError
from flowcolor.evaluation.earlier_results import names_of_earlier, of_earlier
from flowcolor.evaluation.extremes import write_extremes
from flowcolor.evaluation.pictures import COLUMNS, columns_of, write_grid
from flowcolor.evaluation.probes import first_pairs
from flowcolor.evaluation.scores import SETTINGS, PairScore
from flowcolor.io.earlier import content_of
from flowcolor.io.files import find, is_file, remove
from flowcolor.io.images import write_image
from flowcolor.io.listing import one_form
from flowcolor.io.same_file import require_outside, require_own
from flowcolor.io.whole_file import write_text
from flowcolor.models.glimpses import glimpses
from flowcolor.models.round_trip import dtype_of, exact
from flowcolor.training.callbacks.evaluator import report_of
from flowcolor.training.run_folder import log_folder
from flowcolor.training.run_place import ROOT
from flowcolor.training.samples import colorize_samples
from flowcolor.training.say import say
from flowcolor.training.task import Task

_WRITTEN = (*COLUMNS, "reference_content")


class PictureGrid(Callback):
    """Draw rows of (drawing, reference, result, truth) into ``pictures/`` and TensorBoard.

    Training batches are drawn every ``every_n_steps`` steps, the first validation batch of each
    setting at every validation, and with it, of a density of images, samples and what lies between
    two photographs (:func:`~flowcolor.models.glimpses.glimpses`). A test draws, for each setting,
    its first pairs and those whose results are the best, the median and the worst by SSIM.

    Args:
        every_n_steps: Steps between two pictures of training; 0 for none.
        pairs: Rows of a picture in training and validation.
        test_pairs: Rows of the picture of a test's first pairs.
        extremes: How many best, how many median and how many worst results a test draws.
        write_all: Whether a test also writes every drawing, reference, result and true photograph
            as a file, below ``images``, for other programs and for ``flowcolor score``.
    """

    @plain_numbers
    def __init__(
        self,
        every_n_steps: int = 500,
        pairs: int = 4,
        test_pairs: int = 10,
        extremes: int = 3,
        write_all: bool = False,
    ) -> None:
        whole_within("pictures.every_n_steps", every_n_steps, 0)
        whole_within("pictures.pairs", pairs, 1)
        whole_within("pictures.test_pairs", test_pairs, 0)
        whole_within("pictures.extremes", extremes, 0)
        check_flag(self, write_all=write_all)
        self.every_n_steps = every_n_steps
        self.pairs = pairs
        self.test_pairs = test_pairs
        self.extremes = extremes
        self.write_all = write_all
        self.tested: dict[str, list[list[Tensor]]] = {}

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        step = pl_module.steps
        due = pl_module.moved and self.every_n_steps and step % self.every_n_steps == 0
        if due and trainer.is_global_zero:
            self._draw(trainer, "train", pl_module, batch)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx == 0 and trainer.is_global_zero and not trainer.sanity_checking:
            self._draw(trainer, f"val-{SETTINGS[dataloader_idx]}", pl_module, batch)
            if dataloader_idx == 0:
                model, first = pl_module.colorizer, _first(pl_module, batch, self.pairs)
                with exact(model):
                    seen = glimpses(model, first["content"], first["truth"])
                for name, columns in seen.items():
                    self._write(trainer, name, pl_module.steps, columns)

    def on_test_start(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Remove what an earlier test wrote, which ``flowcolor score`` would find.

        Raises:
            InputError: One of its folders, at any depth, is a link, as to photographs, or holds
                pictures that are neither of an earlier test nor replaced by this one.
        """
        if self.write_all:
            images = log_folder(trainer) / "images"
            folders = [images / setting / column for setting, column in product(SETTINGS, _WRITTEN)]
            data: Any = trainer.datamodule  # type: ignore[attr-defined]
            names: Sequence[str] = ()
            if data is not None:
                read, names = list(data.files("test")), data.test_names
                for folder in folders:
                    require_outside(folder, read, ROOT, names)
            inside = {"", *(name.rpartition("/")[0] for name in names)}
            places = [folder / name for folder in folders for name in sorted(inside)]
            require_own(images, places, "pictures would be removed or replaced")
            record = images / ".names"  # A test that was interrupted has no report.
            known = {*names_of_earlier(log_folder(trainer)), *_recorded(record), *names}
            earlier = _earlier(folders, known)
            trainer.strategy.barrier()  # Before any process removes what others still look at.
            if trainer.is_global_zero:
                _record(known, record)  # Before: where this fails, none is removed.
                for path in earlier:
                    remove(path)
                _record(names, record)
            trainer.strategy.barrier()

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        setting = SETTINGS[dataloader_idx]
        everything = {**batch, **outputs}
        columns = columns_of(everything)
        if self.write_all:
            folder = log_folder(trainer) / "images" / setting
            for column in _WRITTEN:
                for name, image in zip(batch["name"], everything.get(column, []), strict=False):
                    write_image(image.nan_to_num(0.0), folder / column / f"{name}.png")
        parts = self.tested.setdefault(setting, [])
        missing = self.test_pairs - sum(len(part[0]) for part in parts)
        if missing > 0 and trainer.is_global_zero:
            parts.append([column[:missing].cpu() for column in columns])

    def on_test_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        report = report_of(trainer)
        if not trainer.is_global_zero or report is None:
            return
        folder = log_folder(trainer)
        for path in of_earlier(folder, "test"):
            remove(path)
        for setting, parts in self.tested.items():
            if parts:
                columns = [torch.cat(column) for column in zip(*parts, strict=True)]
                path = folder / f"pairs-{setting}.png"
                write_grid(columns, path)
                say(f"wrote {shown(path)} ({', '.join(COLUMNS)})")
        self.tested = {}
        for dataloader_idx, setting in enumerate(SETTINGS):
            scores = report.of(setting)
            if scores and self.extremes > 0:
                path = folder / f"extremes-{setting}.png"
                columns_of = _Columns(pl_module, dataloader_idx)
                say(write_extremes(scores, columns_of, path, self.extremes))
        if self.write_all:
            say(f"wrote every picture to {shown(folder / 'images')}")
        elif any(find(folder / "images", f"{setting}/result/**/*.png") for setting in SETTINGS):
            say(f"notice: the pictures in {shown(folder / 'images')} are of an earlier test")

    def _draw(self, trainer: Trainer, name: str, task: Task, batch: Batch) -> None:
        self._write(trainer, name, task.steps, _columns(task, batch, self.pairs))

    def _write(self, trainer: Trainer, name: str, step: int, columns: Sequence[Tensor]) -> None:
        grid = write_grid(columns, log_folder(trainer) / "pictures" / f"{name}-{step:06d}.png")
        for logger in trainer.loggers:
            add_image = getattr(getattr(logger, "experiment", None), "add_image", None)
            if add_image is not None:
                add_image(name, grid, step)


class _Columns:
    """Paint single pairs of a test once more, now that it is known which are worth a look."""

    def __init__(self, task: Task, dataloader_idx: int) -> None:
        self.task = task
        dataset: Any = task.trainer.test_dataloaders[dataloader_idx].dataset  # type: ignore[index]
        self.dataset = dataset
        self.positions = {name: position for position, name in enumerate(dataset.names)}

    def __call__(self, score: PairScore) -> list[Tensor]:
        data: Any = self.task.trainer.datamodule  # type: ignore[attr-defined]
        batch = default_collate([self.dataset[self.positions[score.name]]])
        batch = data.transfer_batch_to_device(batch, self.task.device, 0)
        first = _first(self.task, data.complete(batch, training=False), 1)
        with exact(self.task.colorizer):
            first["result"] = colorize_samples(self.task.colorizer, first)  # As it was scored.
        return [column[0].cpu() for column in columns_of(first)]


def _record(names: Iterable[str], record: Path) -> None:
    write_text(json.dumps({"names": sorted(names)}, ensure_ascii=False), record)


def _recorded(record: Path) -> set[str]:
    """Return the names of the pictures that the last test to write some began with."""
    names = content_of(record).get("names") if is_file(record) else None
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _earlier(folders: Iterable[Path], names: Iterable[str]) -> list[Path]:
    """Return the pictures of these names; refuse others, which a score would take for results."""
    ours, found = set(map(one_form, names)), []
    for folder in folders:
        for path in sorted(folder.rglob("*.png")):
            if path.name.startswith(".") or not is_file(path):
                continue  # Neither is a score's.
            if one_form(path.relative_to(folder).as_posix()).removesuffix(".png") not in ours:
                raise InputError(
                    f"{folder} expects pictures of a test alone, got {path}, which neither an "
                    "earlier test wrote nor this one replaces: move it away, or choose another "
                    f"{ROOT}."
                )
            found.append(path)
    return found


def _first(task: Task, batch: Batch, rows: int) -> Batch:
    # A pair that is painted again after a test has not been converted to the run's precision.
    return converted(first_pairs(batch, rows), dtype_of(task.colorizer))


def _columns(task: Task, batch: Batch, rows: int) -> list[Tensor]:
    first = _first(task, batch, rows)
    with exact(task.colorizer):
        first["result"] = task(first)
    return columns_of(first)
