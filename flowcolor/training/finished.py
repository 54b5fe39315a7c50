"""An epoch that was over when a checkpoint was written."""

from typing import Any

from lightning import Trainer


def begin_next_epoch(trainer: Trainer) -> None:
    """Let a training with a limit of steps begin an epoch after one that is over.

    Where ``max_steps`` is given, Lightning begins the finished epoch once more, finds no batch left
    and counts it again: what follows would see the photographs in another order, and a limit of
    epochs would come one epoch early. Without it, Lightning itself does what is done here.
    """
    loop: Any = trainer.fit_loop
    if loop.restarted_on_epoch_end:
        loop.epoch_progress.increment_completed()
        loop.reset_restart_stage()
        loop._restarting = loop.epoch_loop.restarting = False


def note_finished(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let a checkpoint that is written after an epoch be one of its end, as others are.

    Lightning heeds SIGTERM once it has counted the epoch. In what is resumed from such a checkpoint
    it would take the next epoch for begun, with all of its batches done. In place, the count is
    taken back.
    """
    epochs: Any = trainer.fit_loop.epoch_progress.current
    if trainer.training and 0 < epochs.ready == epochs.completed:
        loop = checkpoint["loops"]["fit_loop"]
        for counted in ("current", "total"):
            loop["epoch_progress"][counted]["completed"] -= 1
        checkpoint["epoch"] -= 1
