"""Training with one optimizer, which Lightning steps."""

from itertools import chain
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from flowcolor.data.batch import Batch
from flowcolor.errors import InputError
from flowcolor.training.finite import require_finite
from flowcolor.training.objectives.alternating import Alternating
from flowcolor.training.objectives.game import Game
from flowcolor.training.task import Task


class ColorizationTask(Task):
    """Minimise an objective with one optimizer over the colorizer's and the objective's weights."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if isinstance(self.objective, Game | Alternating):  # Critics would learn to be fooled.
            raise InputError(
                "ColorizationTask expects an objective of one optimizer, got "
                f"{type(self.objective).__name__}: AdversarialTask and AlternatingTask have two."
            )

    @property
    def steps(self) -> int:
        """How many batches have moved the weights."""
        return self.global_step

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        losses = self.losses_of(batch)
        losses.pop("result", None)
        require_finite(losses, batch, self.steps, self.trainer)
        self.log_losses(losses, batch)
        return self.with_idle_weights(losses["loss"])

    def build_optimizers(self) -> list[tuple[Optimizer, Any]]:
        parameters = chain(self.colorizer.learning.parameters(), self.objective.parameters())
        return [self.build_optimizer(self.optimizer, parameters)]
