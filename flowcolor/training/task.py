"""The task that Lightning trains: a drawing and a reference in, the photograph out."""

from pathlib import Path
from typing import Any, Literal

import torch
from lightning import LightningModule
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.bounds import within
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.evaluation.scores import SETTINGS, SketchFilter
from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.training.checkpoint import KEY, check_fits, describe, read_weights
from flowcolor.training.finite import require_finite
from flowcolor.training.judge import Judge, publish
from flowcolor.training.plateau import plateau_schedule
from flowcolor.training.resume import log_folder, newest_checkpoint, renew_optimizer
from flowcolor.training.roundtrip import roundtrip_errors
from flowcolor.training.say import say
from flowcolor.training.shares import fresh, test_loader, validation_loader
from flowcolor.training.validation import Validation


class ColorizationTask(LightningModule):
    """Train, validate, test and run a colorizer.

    Validation and test know two settings, one per data loader: in the first, ``self``, the
    reference is a deformed copy of the drawing's own photograph; in the second, ``cross``, it is
    another photograph.

    Args:
        model: The model to train.
        loss: What it minimises.
        optimizer: Builds the optimizer from the parameters.
        scheduler: Builds the learning rate schedule from the optimizer; constant if missing.
            ``ReduceLROnPlateau`` watches ``val/ssim``; Lightning's class of this name,
            ``lightning.pytorch.cli.ReduceLROnPlateau``, also takes another ``monitor``.
        interval: Whether the schedule advances per epoch or per step.
        weights: A ``.ckpt`` or ``.safetensors`` file to start from: only the weights are taken,
            not the optimizer, the schedule or the epoch. To continue a run, use ``--ckpt_path``.
        roundtrip_every: Steps between two measurements of the round trip in training.
    """

    def __init__(
        self,
        model: SketchColorFlow,
        loss: ColorizationLoss | None = None,
        optimizer: OptimizerCallable = lambda parameters: torch.optim.Adam(parameters, lr=1e-4),
        scheduler: LRSchedulerCallable | None = None,
        interval: Literal["epoch", "step"] = "epoch",
        weights: Path | None = None,
        roundtrip_every: int = 100,
    ) -> None:
        super().__init__()
        within("model.roundtrip_every", roundtrip_every, 1)
        self.model = model
        self.loss = ColorizationLoss() if loss is None else loss
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.interval = interval
        self.weights = weights
        self.roundtrip_every = roundtrip_every
        self.run_config: dict[str, Any] = {}
        self.renew_optimizer = False
        self.validation = Validation()
        self.judge = Judge()
        self.test_roundtrip: dict[str, Tensor] = {}

    @property
    def size(self) -> int:
        """Side of the training images in pixels, 0 outside a run."""
        trainer = self._trainer
        return int(getattr(getattr(trainer, "datamodule", None), "size", 0))

    def forward(self, sketch: Tensor, reference: Tensor) -> Tensor:
        """Paint ``sketch`` with the colours of ``reference``; not clamped."""
        result: Tensor = self.model(sketch, reference)
        return result

    def setup(self, stage: str) -> None:
        """Check the image size against the model and load the weights to start from."""
        multiple = self.model.multiple
        if self.size % multiple or 0 < self.size < 2 * multiple:
            raise InputError(
                f"data.size expects a multiple of {multiple} of at least {2 * multiple} for this "
                f"model, got {self.size}."
            )
        if self.weights is not None:
            read_weights(self.weights).fill(self.model)
        if stage == "fit":
            self.loss.prepare()
            count = sum(parameter.numel() for parameter in self.model.parameters())
            name, side = type(self.model).__name__, self.size
            say(f"training {name}, {count / 1e6:.2f} M parameters, at {side}x{side}")

    def training_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        result = self(batch["sketch"], batch["reference"])
        losses: dict[str, Tensor] = self.loss(result, batch["truth"])
        require_finite(losses, batch, self.global_step, newest_checkpoint(self._trainer))
        size = len(batch["name"])
        for name, value in losses.items():
            self.log(f"train/{name}", value, prog_bar=True, batch_size=size)
        return losses["loss"]

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Any], batch_idx: int) -> None:
        """Log the round trip every ``roundtrip_every`` steps."""
        if self.global_step % self.roundtrip_every == 0:
            for name, error in roundtrip_errors(self.model, batch["truth"]).items():
                self.log(f"train/roundtrip_{name}", error, batch_size=1, rank_zero_only=True)

    def validation_step(
        self, batch: dict[str, Any], batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """Score one batch; lines, colours and the round trip on the first batch only."""
        if batch_idx == 0 and dataloader_idx == 0:
            for name, error in roundtrip_errors(self.model, batch["truth"]).items():
                self.log(
                    f"val/roundtrip_{name}",
                    error,
                    batch_size=1,
                    sync_dist=True,
                    on_epoch=True,
                    add_dataloader_idx=False,
                )
        setting = SETTINGS[dataloader_idx]
        if setting == "cross" and batch_idx > 0:
            return
        result = self(batch["sketch"], batch["reference"]).float().clamp(0, 1)
        if setting == "self":
            self.validation.add_self(batch, result)
        else:
            self.validation.add_cross(batch, result, self.sketch_filter)

    def on_validation_epoch_end(self) -> None:
        """Log the means over all processes."""
        batch_size = validation_loader(self.trainer, 1).batch_size or 1
        for name, value in self.validation.compute(batch_size).items():
            shown = name in {"val/ssim", "val/psnr"}
            self.log(name, value, prog_bar=shown, sync_dist=True, batch_size=1)

    def on_test_start(self) -> None:
        """Look for the networks of the scores, before anything is painted."""
        self.judge.begin(self.sketch_filter, self.size)

    def test_step(
        self, batch: dict[str, Any], batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        """Score every pair of one batch and return the painted drawings as ``result``."""
        if batch_idx == 0 and dataloader_idx == 0:
            self.test_roundtrip = roundtrip_errors(self.model, batch["truth"])
        loader = test_loader(self.trainer, dataloader_idx)
        batch = fresh(batch, batch_idx, loader)
        if not batch["name"]:
            return {"result": batch["truth"]}
        result = self(batch["sketch"], batch["reference"]).float().clamp(0, 1)
        self.judge.add(SETTINGS[dataloader_idx], batch, result, loader.dataset)
        return {"result": result}

    def on_test_epoch_end(self) -> None:
        """Print the table and write it, with every pair's scores, as JSON and CSV."""
        count = sum(parameter.numel() for parameter in self.model.parameters())
        about = {"model": type(self.model).__name__, "parameters": count, "size": self.size}
        report = self.judge.finish(about, self.test_roundtrip)
        if self.trainer.is_global_zero:
            publish(report, log_folder(self.trainer))

    def predict_step(
        self, batch: dict[str, Any], batch_idx: int, dataloader_idx: int = 0
    ) -> Tensor:
        """Return the painted drawings in [0, 1]."""
        result: Tensor = self(batch["sketch"], batch["reference"])
        return result.float().clamp(0, 1)

    @property
    def sketch_filter(self) -> SketchFilter:
        """The filter that the data's drawings were made with."""
        chosen: SketchFilter | None = self.trainer.datamodule.sketch_filter  # type: ignore[attr-defined]
        return GradientLines() if chosen is None else chosen

    def configure_optimizers(self) -> Any:
        """Build the optimizer and its schedule."""
        optimizer, scheduler = self._build_optimizer()
        if scheduler is None:
            return optimizer
        if isinstance(scheduler, ReduceLROnPlateau):
            watched = plateau_schedule(scheduler, self.interval, self.trainer)
            return {"optimizer": optimizer, "lr_scheduler": watched}
        schedule = {"scheduler": scheduler, "interval": self.interval}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the description from which the model and the run are rebuilt, as plain values."""
        checkpoint[KEY] = describe(self.model, self.size) | {"run": self.run_config}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint of another model in one sentence."""
        state = {
            name.removeprefix("model."): value
            for name, value in checkpoint["state_dict"].items()
            if name.startswith("model.")
        }
        check_fits(state, self.model, "The checkpoint")
        if self.renew_optimizer and "optimizer_states" in checkpoint:
            optimizer, scheduler = self._build_optimizer()
            renew_optimizer(checkpoint, optimizer, scheduler)

    def _build_optimizer(self) -> tuple[Optimizer, Any]:
        try:
            optimizer = self.optimizer(self.model.parameters())
            return optimizer, None if self.scheduler is None else self.scheduler(optimizer)
        except (ValueError, ArithmeticError, TypeError, RuntimeError) as error:
            raise InputError(f"The optimizer cannot be built: {error}.") from error
