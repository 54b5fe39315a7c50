"""What float32 loses on the way there and back, followed through training."""

from typing import Any

from lightning import Callback, Trainer

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import whole_within
from flowcolor.data.batch import Batch
from flowcolor.evaluation.scores import gather_all
from flowcolor.models import InvertibleColorizer
from flowcolor.models.round_trip import roundtrip_errors
from flowcolor.training.task import Task


class RoundTripMonitor(Callback):
    """Measure the round trip of colorizers that can be run backwards; others are passed over.

    Args:
        every_n_steps: Steps between two measurements in training.

    Attributes:
        errors: Largest errors of the last validation or test by kind of image, on this process.
        step: Of the last measurement in training, 0 before the first.
    """

    @plain_numbers
    def __init__(self, every_n_steps: int = 100) -> None:
        whole_within("roundtrip.every_n_steps", every_n_steps, 1)
        self.every_n_steps = every_n_steps
        self.errors: dict[str, float] = {}
        self.step = 0

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Log the round trip now and then."""
        if pl_module.moved and pl_module.steps % self.every_n_steps == 0:
            self.step = pl_module.steps
            for name, error in _errors(pl_module, batch).items():
                pl_module.log(f"train/roundtrip_{name}", error, batch_size=1, rank_zero_only=True)

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Measure the first batch."""
        if batch_idx == dataloader_idx == 0:
            self.errors = _errors(pl_module, batch)

    def on_validation_epoch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Log the largest errors of all processes."""
        for errors in gather_all(self.errors):
            for name, error in errors.items():
                self.errors[name] = max(error, self.errors.get(name, 0.0))
        for name, error in self.errors.items():
            pl_module.log(f"val/roundtrip_{name}", error, batch_size=1, sync_dist=True)

    on_test_batch_end = on_validation_batch_end  # type: ignore[assignment]


def _errors(task: Task, batch: Batch) -> dict[str, float]:
    if not isinstance(task.colorizer, InvertibleColorizer):
        return {}
    errors = roundtrip_errors(task.colorizer, batch["truth"])
    return {name: float(error) for name, error in errors.items()}
