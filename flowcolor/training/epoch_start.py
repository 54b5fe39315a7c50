"""What callbacks of Lightning decide when an epoch starts, in one that is gone on with."""

from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler, StochasticWeightAveraging

_DECIDING = (GradientAccumulationScheduler, StochasticWeightAveraging)


def repeat_epoch_start(trainer: Trainer) -> None:
    """Let callbacks know of the epoch in which a training goes on.

    Lightning tells them of epochs that start alone. In the rest of one that was interrupted,
    batches would be accumulated by another number, and averaged weights learn at another rate.
    """
    loop: Any = trainer.fit_loop
    if loop.restarted_mid_epoch:
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
        for callback in callbacks:
            if isinstance(callback, _DECIDING):
                callback.on_train_epoch_start(trainer, trainer.lightning_module)
