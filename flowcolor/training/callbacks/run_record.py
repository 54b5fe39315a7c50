"""What a checkpoint knows about the run that wrote it."""

from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.callbacks import StochasticWeightAveraging
from lightning.pytorch.trainer.states import TrainerFn

from flowcolor.models.checkpoint import KEY
from flowcolor.training.resume import renew_optimizer
from flowcolor.training.task import Task
from flowcolor.training.whole_optimizers import require_optimizers


class RunRecord(Callback):
    """Write a run's configuration into its checkpoints, and apply a changed one when it resumes.

    Args:
        config: The configuration in plain values.
        renew_optimizer: Whether the settings of the freshly built optimizers replace those in the
            checkpoint, because the user asked for others.
    """

    def __init__(self, config: dict[str, Any], renew_optimizer: bool = False) -> None:
        self.config = config
        self.renew_optimizer = renew_optimizer

    def on_save_checkpoint(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        checkpoint: dict[str, Any],
    ) -> None:
        """Add the configuration to the colorizer's description."""
        checkpoint[KEY] = checkpoint.get(KEY, {}) | {"run": self.config}

    def on_load_checkpoint(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        checkpoint: dict[str, Any],
    ) -> None:
        """Let the user's settings of the optimizers win; who only scores or paints has none."""
        if trainer.state.fn != TrainerFn.FITTING:
            return
        built = pl_module.build_optimizers()
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
        averages = any(isinstance(each, StochasticWeightAveraging) for each in callbacks)
        # Averaged weights learn by a schedule of their own.
        require_optimizers(checkpoint, built, self.renew_optimizer or averages)
        if self.renew_optimizer:
            for place, (optimizer, scheduler) in enumerate(built):
                renew_optimizer(checkpoint, optimizer, scheduler, place)
