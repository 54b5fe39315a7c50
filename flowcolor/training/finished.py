"""An epoch that was over when a checkpoint was written."""

from typing import Any

from lightning import Trainer

from flowcolor.training.unfinished import is_unfinished


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
    it would take the next epoch for begun, with all of its batches done; so, too, where the next
    one is interrupted while callbacks are told that it starts. And it has counted an epoch that a
    limit has ended before its last batch, once the training is over and somebody saves it. In
    place, the count is taken back.
    """
    epochs: Any = trainer.fit_loop.epoch_progress.current
    counted = trainer.training or is_unfinished(trainer)
    if counted and 0 < epochs.started == epochs.completed:
        loop = checkpoint["loops"]["fit_loop"]
        for counts in ("current", "total"):
            done = loop["epoch_progress"][counts]
            done |= {"ready": done["started"], "completed": done["completed"] - 1}
        checkpoint["epoch"] -= 1


def end_epoch_first(checkpoint: dict[str, Any]) -> None:
    """Let a training go on from an epoch's last batch with what ends the epoch, in place.

    Lightning would leave that out, as a checkpoint, an early end or a plateau of that epoch, and
    take the next epoch for this one, by counts that contradict each other.
    """
    loop = checkpoint["loops"]["fit_loop"]
    batches = loop["epoch_loop.batch_progress"]
    counts = [batches[counted] for counted in ("current", "total")]
    if batches["is_last_batch"] and counts[0]["processed"] > counts[0]["completed"]:
        for count in counts:
            count["completed"] = count["processed"]
        own = loop["epoch_loop.state_dict"]
        own["_batches_that_stepped"] = own.get("_batches_that_stepped", 0) + 1


def show_no_batch(trainer: Trainer) -> None:
    """Show no batch where a training goes on from an epoch's last one, before the epoch has ended.

    It may have been saved before a validation, which Lightning then goes on with, or was to have
    none, and Lightning would begin with the first batch.
    """
    loop: Any = trainer.fit_loop
    if loop.restarted_mid_epoch and loop.epoch_loop.batch_progress.is_last_batch:
        loop._data_fetcher.done = True
