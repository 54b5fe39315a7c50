"""Pictures of what is predicted."""

from typing import Any

from lightning import Callback, Trainer
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.io.images import write_image
from flowcolor.training.run_folder import log_folder
from flowcolor.training.say import say


class PredictionWriter(Callback):
    """Write every painted drawing as ``<name>.png``, named by the drawing and not by its batch."""

    def on_predict_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Tensor,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        for name, image in zip(batch["name"], outputs, strict=True):
            write_image(image, log_folder(trainer) / f"{name}.png")

    def on_predict_end(self, trainer: Trainer, pl_module: Any) -> None:
        say(f"wrote the painted drawings to {log_folder(trainer)}")
