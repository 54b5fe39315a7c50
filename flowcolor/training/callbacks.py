"""What happens beside training: pictures, predictions, exported weights, a rescue on interrupt."""

from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import Tensor

from flowcolor.data.images import write_image
from flowcolor.training.checkpoint import export_weights, read_weights
from flowcolor.training.pictures import COLUMNS, write_grid
from flowcolor.training.resume import CHECKPOINTS, log_folder
from flowcolor.training.roundtrip import exact
from flowcolor.training.say import say
from flowcolor.training.task import SETTINGS, ColorizationTask


class PictureGrid(Callback):
    """Draw rows of (drawing, reference, result, truth) into ``pictures/`` and TensorBoard.

    Training batches are drawn every ``every_n_steps`` steps, the first validation batch of each
    setting at every validation, and the first ``test_pairs`` pairs of each setting at a test.

    Args:
        every_n_steps: Steps between two pictures of training; 0 for none.
        pairs: Rows of a picture in training and validation.
        test_pairs: Rows of a picture at a test.
    """

    def __init__(self, every_n_steps: int = 500, pairs: int = 4, test_pairs: int = 10) -> None:
        self.every_n_steps = every_n_steps
        self.pairs = pairs
        self.test_pairs = test_pairs
        self.tested: dict[str, list[list[Tensor]]] = {}

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: ColorizationTask,  # type: ignore[override]
        outputs: Any,
        batch: dict[str, Any],
        batch_idx: int,
    ) -> None:
        step = trainer.global_step
        if self.every_n_steps and step % self.every_n_steps == 0 and trainer.is_global_zero:
            self._draw(trainer, "train", _columns(pl_module, batch, self.pairs))

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: ColorizationTask,  # type: ignore[override]
        outputs: Any,
        batch: dict[str, Any],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx == 0 and trainer.is_global_zero and not trainer.sanity_checking:
            columns = _columns(pl_module, batch, self.pairs)
            self._draw(trainer, f"val-{SETTINGS[dataloader_idx]}", columns)

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: ColorizationTask,  # type: ignore[override]
        outputs: Any,
        batch: dict[str, Any],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        parts = self.tested.setdefault(SETTINGS[dataloader_idx], [])
        missing = self.test_pairs - sum(len(part[0]) for part in parts)
        if missing > 0 and trainer.is_global_zero:
            parts.append([column.cpu() for column in _columns(pl_module, batch, missing)])

    def on_test_end(self, trainer: Trainer, pl_module: Any) -> None:
        for setting, parts in self.tested.items():
            if parts:
                columns = [torch.cat(column) for column in zip(*parts, strict=True)]
                path = log_folder(trainer) / f"pairs-{setting}.png"
                write_grid(columns, path)
                say(f"wrote {path} ({', '.join(COLUMNS)})")
        self.tested = {}

    def _draw(self, trainer: Trainer, name: str, columns: list[Tensor]) -> None:
        step = trainer.global_step
        path = log_folder(trainer) / "pictures" / f"{name}-{step:06d}.png"
        grid = write_grid(columns, path)
        for logger in trainer.loggers:
            add_image = getattr(getattr(logger, "experiment", None), "add_image", None)
            if add_image is not None:
                add_image(name, grid, step)


class PredictionWriter(Callback):
    """Write every painted drawing as ``<name>.png``, named by the drawing and not by its batch."""

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Tensor,
        batch: dict[str, Any],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        for name, image in zip(batch["name"], outputs, strict=True):
            write_image(image, log_folder(trainer) / f"{name}.png")

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        say(f"wrote the painted drawings to {log_folder(trainer)}")


class RunKeeper(Callback):
    """Save ``last.ckpt`` when the user interrupts, and ``model.safetensors`` when training ends."""

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        # Not after other errors: the weights may be what is wrong, and the last file is good.
        training = trainer.training and trainer.global_step > 0 and not _is_trial(trainer)
        if isinstance(exception, KeyboardInterrupt | SIGTERMException) and training:
            path = log_folder(trainer) / CHECKPOINTS / "last.ckpt"
            trainer.save_checkpoint(path)
            say(f"interrupted at step {trainer.global_step}, wrote {path}")

    def on_fit_end(
        self,
        trainer: Trainer,
        pl_module: ColorizationTask,  # type: ignore[override]
    ) -> None:
        if _is_trial(trainer) or not trainer.is_global_zero:
            return
        model, path = pl_module.model, log_folder(trainer) / "model.safetensors"
        best = _best(trainer)
        export_weights(read_weights(best).build() if best else model, path, pl_module.size)
        say(f"wrote {path} (the {'best' if best else 'last'} weights)")


def _is_trial(trainer: Trainer) -> bool:
    return bool(getattr(trainer, "fast_dev_run", False))


def _columns(task: ColorizationTask, batch: dict[str, Any], rows: int) -> list[Tensor]:
    first = {name: batch[name][:rows] for name in COLUMNS if name != "result"}
    with exact(task.model):
        first["result"] = task.model(first["sketch"], first["reference"])
    return [first[name] for name in COLUMNS]


def _best(trainer: Trainer) -> Path | None:
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_path:
            return Path(callback.best_model_path)
    return None
