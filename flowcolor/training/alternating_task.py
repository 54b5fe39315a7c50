"""Training with two optimizers that take turns on every batch."""

from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.training.clipped import clip
from flowcolor.training.finite import require_finite
from flowcolor.training.objectives.alternating import Alternating
from flowcolor.training.schedules import advance_after_batch
from flowcolor.training.task import Task


class AlternatingTask(Task):
    """Move the colorizer by one loss of a batch, and then, coloured anew, by another.

    As for :class:`~flowcolor.training.adversarial_task.AdversarialTask`, Lightning's
    ``global_step`` runs twice as fast as batches.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not isinstance(self.objective, Alternating):
            raise InputError(
                f"AlternatingTask expects the objective Alternating, got "
                f"{type(self.objective).__name__}."
            )
        self.automatic_optimization = False

    @property
    def turns(self) -> Alternating:
        """The objective."""
        assert isinstance(self.objective, Alternating)  # noqa: S101 - the constructor has seen to it
        return self.objective

    @property
    def steps(self) -> int:
        """How many batches have moved the weights."""
        return self.global_step // 2

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Take both turns."""
        optimizers: Any = self.optimizers()
        made = self.losses_of(batch)
        made.pop("result")
        self._move(optimizers[0], made["loss"], made, batch)
        later = self.turns.style_losses(self.colorizer, batch)
        self._move(optimizers[1], later["style"], later, batch)
        self.log_losses(made | later, batch)
        advance_after_batch(self.trainer, self.interval)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients of one turn."""
        clip(optimizer, self.turns.gradient_clip_val)

    def build_optimizers(self) -> list[tuple[Optimizer, Any]]:
        return [
            self.build_optimizer(builder, self.colorizer.parameters())
            for builder in (self.optimizer, self.turns.optimizer)
        ]

    def _move(self, optimizer: Any, loss: Tensor, losses: dict[str, Tensor], batch: Batch) -> None:
        require_finite({"loss": loss, **losses}, batch, self.steps, self.trainer)
        optimizer.zero_grad()
        self.take_gradients(self.with_idle_weights(loss))
        optimizer.step()
