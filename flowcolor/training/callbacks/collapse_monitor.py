"""Whether a model still listens to its references, followed through training."""

from typing import Any

import torch
from lightning import Callback, Trainer
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.evaluation.scores import gather_all
from flowcolor.models import UNetAdaIN
from flowcolor.models.collapse import COLLAPSED, is_collapsed, latent_spread
from flowcolor.training.say import say
from flowcolor.training.task import Task


class CollapseMonitor(Callback):
    """Log how far the latents of references lie apart, and say it if they have become one.

    Only :class:`~flowcolor.models.UNetAdaIN` has latents that collapse; others are passed over.

    Attributes:
        codes: Latents of the references of this validation.
        said: Whether it was said.
    """

    def __init__(self) -> None:
        self.codes: list[Tensor] = []
        self.said = False

    def on_validation_epoch_start(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Forget the last validation."""
        self.codes = []

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
        outputs: Any,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Encode the references of the first setting."""
        model = pl_module.colorizer
        if dataloader_idx == 0 and isinstance(model, UNetAdaIN) and model.encoder is not None:
            self.codes.append(model.encode(batch["reference"]).cpu())

    def on_validation_epoch_end(
        self,
        trainer: Trainer,
        pl_module: Task,  # type: ignore[override]
    ) -> None:
        """Log the spread over the references of all processes."""
        found = [code for codes in gather_all(self.codes) for code in codes]
        if not found or sum(map(len, found)) < 2:
            return
        codes = torch.cat(found)
        pl_module.log("val/latent_spread", latent_spread(codes), batch_size=1, sync_dist=True)
        if is_collapsed(codes) and not self.said:
            self.said = True
            say(
                f"the latents of {len(codes)} references differ by less than {COLLAPSED:g}: the "
                "model has come to ignore its references"
            )
