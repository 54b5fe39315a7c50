"""Silence for messages that a user of the commands can do nothing about."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from flowcolor.console import shown_lines

_IDLE_WARNINGS = (
    # The data module caches pictures, so loader processes would not help.
    r".*does not have many workers.*",
    # The shown step is the last of the epoch; a hint to log more often.
    r"The number of training batches .* is smaller than the logging interval.*",
    # Small data sets: validation of two portraits runs on one device.
    r"Using `DistributedSampler` with the dataloaders.*",
    r"Checkpoint directory .* exists and is not empty.*",
    # The order of the pictures is a function of seed, epoch and batch, so that it is resumed.
    r"You're resuming from a checkpoint that ended before the epoch ended.*",
    # The user chose other intervals for the checkpoints than before.
    r"Be aware that when using `ckpt_path`, callbacks used to create the checkpoint.*",
    # `best` waits for the first validation.
    r"`ModelCheckpoint\(monitor=.*could not find the monitored key.*",
    # Parts that an earlier stage has trained.
    r"Found .* module\(s\) in eval mode at the start of training.*",
    # test and predict keep no checkpoints.
    r"The dirpath has changed from .*",
    # With two optimizers, too, a checkpoint is of the weights after a step, as everybody expects.
    r"Using ModelCheckpoint with manual optimization and every_n_train_steps.*",
    # In float16 the first steps are left out, until the scale of the loss is small enough.
    r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`.*",
    # Lightning's own calls of torch and jsonargparse.
    r"torch\.distributed\.nn\.functional\.all_gather is deprecated.*",
    r"\s*By default only one JsonargparseDeprecationWarning",
    r"(?s).*(skip_none|was deprecated in v4)",
    r".*`isinstance\(treespec, LeafSpec\)` is deprecated.*",
    r".*The `srun` command is available.*",
)
_IDLE_MESSAGES = (
    "GPU available",
    "TPU available",
    "HPU available",
    "💡 Tip",
    "`Trainer.fit` stopped",
    "`Trainer(",
    "Restoring states",
    "Restored all states",
    "Loaded model weights",
    "Seed set to",
    "Found current_model_state",
    "Detected KeyboardInterrupt",
)


class _Quiet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = shown_lines(record.getMessage()), ()  # It may name files.
        return not record.msg.lstrip().startswith(_IDLE_MESSAGES)


@contextmanager
def quiet() -> Iterator[None]:
    """Run the body without Lightning's hints; everything is restored afterwards."""
    loggers = [
        logging.getLogger(name)
        for name in [*logging.root.manager.loggerDict, "lightning.pytorch", "lightning.fabric"]
        if name.startswith("lightning")
    ]
    silence = _Quiet()
    for logger in loggers:
        logger.addFilter(silence)
    try:
        with warnings.catch_warnings(), _quiet_threads():
            for message in _IDLE_WARNINGS:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for logger in loggers:
            logger.removeFilter(silence)


@contextmanager
def _quiet_threads() -> Iterator[None]:
    """Say nothing of TensorBoard's threads that cannot write: they hand on what ended them."""
    before = threading.excepthook

    def speak(failed: threading.ExceptHookArgs) -> None:
        if not _hands_on(failed.thread):
            before(failed)

    threading.excepthook = speak
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if _hands_on(thread):
                thread.join()  # It has failed and is about to say so.
        threading.excepthook = before


def _hands_on(thread: threading.Thread | None) -> bool:
    is_theirs = type(thread).__module__.startswith("tensorboard.")
    return is_theirs and getattr(thread, "exception", None) is not None
