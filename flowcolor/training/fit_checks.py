"""What a training must be before it begins, and what else its trainer is told."""

from typing import Any

from lightning import Trainer

from flowcolor.data.module import ColorizationDataModule
from flowcolor.training.adversarial_task import AdversarialTask, refuse_trainer_options
from flowcolor.training.alternating_task import AlternatingTask
from flowcolor.training.callbacks.monitors import stop_after_validation
from flowcolor.training.contents import require_heard
from flowcolor.training.count_batches import count_batches
from flowcolor.training.options import (
    check_callbacks,
    check_clipping,
    check_file_names,
    check_sharing,
    check_time,
)
from flowcolor.training.sizes import require_size
from flowcolor.training.task import Task


def check_fit(trainer: Trainer, task: Task, data: ColorizationDataModule, goes_on: bool) -> None:
    """Refuse now what would go wrong hours later, or train otherwise than it says.

    Args:
        trainer: With all callbacks; early ends look at it after validations from now on.
        task: What is trained.
        data: What it is trained on.
        goes_on: Whether it goes on from a checkpoint.

    Raises:
        InputError: Options contradict each other, the model, or what the data give.
    """
    check_time(trainer)
    check_callbacks(trainer, task.colorizer, goes_on)
    check_sharing(trainer, task)
    check_file_names(trainer)
    stop_after_validation(trainer)
    require_heard(task.colorizer, data)
    task.objective.check(task.colorizer)
    require_size(data.size, task.colorizer, task.objective)
    if isinstance(task, AdversarialTask | AlternatingTask):
        refuse_trainer_options(trainer)
        count_batches(trainer)
    else:
        check_clipping(trainer)


def has_begun(trainer: Trainer | None, with_first: bool) -> bool:
    """Tell whether a training has completed a batch, or begun its first one.

    Args:
        trainer: ``None`` if it was not even built.
        with_first: Whether a first batch counts that was not completed.
    """
    if trainer is None:
        return False
    loop: Any = trainer.fit_loop
    if with_first:
        return bool(loop.epoch_progress.total.started > 0)
    return bool(loop.epoch_loop.batch_progress.total.completed > 0)
