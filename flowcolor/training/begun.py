"""A batch that had begun when a checkpoint was written."""

from typing import Any

from lightning import Trainer


def note_begun(checkpoint: dict[str, Any], trainer: Trainer) -> None:
    """Let what is resumed from a checkpoint begin with such a batch as if it had not, in place.

    Lightning goes on counting it, by which validations would come a batch early, and takes an epoch
    of no other batch for over.
    """
    batches = checkpoint["loops"]["fit_loop"]["epoch_loop.batch_progress"]
    if trainer.training and batches["current"]["ready"] > batches["current"]["processed"]:
        for counted in ("current", "total"):
            done = batches[counted]["completed"]
            batches[counted] |= {"ready": done, "started": done}
        batches["is_last_batch"] = False
