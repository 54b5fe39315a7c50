"""An epoch that a limit of steps or of time has ended before its last batch."""

from typing import Any

from lightning import Trainer


def is_unfinished(trainer: Trainer) -> bool:
    """Tell whether the epoch that is ending has batches left."""
    batches: Any = trainer.fit_loop.epoch_loop.batch_progress
    return not batches.is_last_batch and batches.current.ready < trainer.num_training_batches


def note_unfinished(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint go on in an unfinished epoch.

    Lightning counts such an epoch as done before it saves, and would leave out the rest of its
    batches. In place, the checkpoint becomes one of the epoch's last batch so far.
    """
    loop = checkpoint["loops"]["fit_loop"]
    epochs = loop["epoch_progress"]["current"]
    is_over = epochs["processed"] > epochs["completed"]
    if not (is_over and is_unfinished(trainer)):
        return
    for counted in ("current", "total"):
        loop["epoch_progress"][counted]["processed"] -= 1
        loop["epoch_loop.batch_progress"][counted]["completed"] -= 1
    loop["epoch_loop.state_dict"]["_batches_that_stepped"] -= 1
