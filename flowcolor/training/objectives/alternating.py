"""Colours and latents in turns, each with an optimizer: the second cure of a document."""

from typing import Any

import torch
from lightning.pytorch.cli import OptimizerCallable
from torch import Tensor, nn

from flowcolor.data.batch import Batch
from flowcolor.losses import ColorizationLoss, MSELPIPSLoss
from flowcolor.models import Colorizer
from flowcolor.training.clipped import check_limit
from flowcolor.training.objectives.arguments import check_optimizer, check_part
from flowcolor.training.objectives.base import Objective, require_samples
from flowcolor.training.objectives.style_pairs import (
    colorize_by_others,
    require_latent,
    style_distance,
)
from flowcolor.training.objectives.terms import prepare_loss, terms_of


class Alternating(Objective):
    """The two terms of :class:`StylePairs`, not as one sum but one after the other.

    Every batch is coloured twice: the task's optimizer moves all weights by the distance to the
    truth, and then one of this objective's own moves all weights by the distance of latents. The
    document gives the first a rate ten times as high, and sees the latents collapse.

    Args:
        loss: As for :class:`StylePairs`.
        optimizer: Builds the optimizer of the second turn. ``None``: Adam with a rate of 1e-5.
        gradient_clip_val: Largest norm of either turn's gradient; ``None`` for no limit.

    Raises:
        InputError: The limit is negative or not finite.

    Reference:
        Prioteasa, Malvestiti and Smoleń, "Artistic colourization with adaptive instance
        normalization" (2024), section 3.2, solution 2.
    """

    uses_all = False  # The latents are the encoder's alone.

    def __init__(
        self,
        loss: ColorizationLoss | MSELPIPSLoss | None = None,
        optimizer: OptimizerCallable | None = None,
        gradient_clip_val: float | None = None,
    ) -> None:
        super().__init__()
        check_limit(gradient_clip_val)
        check_optimizer(optimizer)
        check_part(nn.Module, loss=loss)
        self.loss: ColorizationLoss | MSELPIPSLoss = MSELPIPSLoss() if loss is None else loss
        self.optimizer: OptimizerCallable = _slow_adam if optimizer is None else optimizer
        self.gradient_clip_val = gradient_clip_val

    def check(self, colorizer: Colorizer) -> None:
        """Refuse what :meth:`Objective.check` does, and a colorizer without a latent."""
        super().check(colorizer)
        require_latent(self, colorizer)

    def prepare(self) -> None:
        prepare_loss(self.loss)

    def losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return what the first turn minimises, see :meth:`Objective.losses`."""
        require_samples(self, colorizer, batch, "content", "truth", "reference")
        result, _ = colorize_by_others(colorizer, batch)
        return {**terms_of(self.loss, result, batch["truth"]), "result": result}

    def style_losses(self, colorizer: Colorizer, batch: Batch) -> dict[str, Tensor]:
        """Return ``style``, the scalar that the second turn minimises."""
        require_samples(self, colorizer, batch, "content", "reference")
        result, style = colorize_by_others(colorizer, batch)
        return {"style": style_distance(colorizer, result, style)}


def _slow_adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-5)
