"""Keep what a run has learned: exported weights, and a rescue on interrupt."""

from pathlib import Path
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, Timer
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.console import shown
from flowcolor.io.files import is_file
from flowcolor.models.checkpoint import export_weights, read_weights
from flowcolor.models.description import is_ours, rebuildable
from flowcolor.models.plain_state import uncompiled
from flowcolor.training.callbacks.average import (
    ends_with_average,
    finish_averages,
    leave_averages,
)
from flowcolor.training.run_folder import CHECKPOINTS, MODEL, log_folder
from flowcolor.training.say import say
from flowcolor.training.task import Task
from flowcolor.training.unvalidated import validate_first


class RunKeeper(Callback):
    """Save ``last.ckpt`` when the user interrupts, and ``model.safetensors`` when training ends."""

    def __init__(self) -> None:
        self._begun = self._training = False
        self._amid_validation = False
        self._shows_averages = False

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        model = uncompiled(pl_module.colorizer)
        if stage == "fit" and not _is_trial(trainer) and is_ours(model):
            # Else it would be trained, and its weights could not be written at the end.
            rebuildable(model, pl_module.size, "A training")

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._begun = self._training = True

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._training = False

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._shows_averages = True

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._shows_averages = False

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        # Not after other errors: the weights may be what is wrong, and the last file is good.
        # Nor before all of a checkpoint is restored, or once averages have replaced the weights.
        training = self._training and trainer.global_step > 0 and not _is_trial(trainer)
        if isinstance(exception, KeyboardInterrupt | SIGTERMException) and training:
            # What else looks at a checkpoint would take one of a validation for one of its end.
            self._amid_validation, trainer.training = trainer.validating, True
            if self._shows_averages:
                leave_averages(trainer, pl_module)
            path = log_folder(trainer) / CHECKPOINTS / "last.ckpt"
            trainer.save_checkpoint(path, weights_only=False)
            say(f"interrupted at step {pl_module.steps}, wrote {shown(path)}")

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]
    ) -> None:
        if self._amid_validation:
            validate_first(checkpoint, trainer)

    def on_fit_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        if _is_trial(trainer) or not trainer.is_global_zero:
            return
        if trainer.global_step > 0 and not self._begun:
            finish_averages(trainer, pl_module)
            _say_that_it_was_over(trainer)
        model, path = uncompiled(pl_module.colorizer), log_folder(trainer) / MODEL
        if not is_ours(model):
            say(
                f"notice: there is no {MODEL}: a file chooses nothing to import, and "
                f"{type(model).__name__} is no part of flowcolor; {CHECKPOINTS} has its weights."
            )
            return
        averaged = ends_with_average(trainer)
        best = None if averaged else _best(trainer)
        export_weights(read_weights(best).build() if best else model, path, pl_module.size)
        which = "averaged" if averaged else "best" if best else "last"
        say(f"wrote {shown(path)} (the {which} weights)")


def _say_that_it_was_over(trainer: Trainer) -> None:
    """Say why a training that was resumed had nothing left to do, where its callbacks have not."""
    limit = None
    if 0 <= trainer.max_steps <= trainer.global_step:
        limit = f"trainer.max_steps {trainer.max_steps}"
    elif not trainer.should_stop:
        limit = f"trainer.max_epochs {trainer.max_epochs}"
    elif any(isinstance(each, Timer) for each in trainer.callbacks):  # type: ignore[attr-defined]
        limit = "trainer.max_time"
    if limit is not None:
        say(f"notice: this training was over before, by {limit}: to go on, raise it")


def _is_trial(trainer: Trainer) -> bool:
    return bool(getattr(trainer, "fast_dev_run", False))


def _best(trainer: Trainer) -> Path | None:
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_path:
            path = Path(callback.best_model_path)
            if is_file(path):  # A run that was moved still names its best file where it was.
                return path
    return None
