"""A validation that a checkpoint of the batch before it has not seen."""

from typing import Any

from lightning import Trainer

_BEGUN = {"ready": 1, "started": 1, "processed": 0, "completed": 0}


def note_unvalidated(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint validate first, where its run was about to.

    Checkpoints every so many steps are written when a batch ends, and the validation follows.
    """
    loop: Any = trainer.fit_loop.epoch_loop
    batches = loop.batch_progress.current
    ends = trainer.training and batches.processed > batches.completed
    if ends and loop._should_check_val_fx(trainer.fit_loop._data_fetcher):
        validate_first(checkpoint)


def validate_first(checkpoint: dict[str, Any]) -> None:
    """Let what is resumed from a checkpoint begin with a whole validation.

    Lightning goes on in one whose first batch was begun. Without that, it takes one for done.
    """
    loop = checkpoint["loops"]["fit_loop"]
    for counted in ("current", "total"):
        batches = loop["epoch_loop.batch_progress"][counted]
        batches["completed"] = batches["processed"]
        loop["epoch_loop.val_loop.batch_progress"][counted] |= _BEGUN
