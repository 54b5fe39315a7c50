"""The task that Lightning trains: a drawing and a reference in, the photograph out."""

from pathlib import Path
from typing import Any, Literal

import torch
from lightning import LightningModule
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Optimizer
from torchmetrics import MeanMetric
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.metrics import mean_color_distance
from flowcolor.models import SketchColorFlow
from flowcolor.training.checkpoint import KEY, check_fits, describe, read_weights
from flowcolor.training.report import gather, summarise, table, write_json
from flowcolor.training.resume import log_folder, renew_optimizer
from flowcolor.training.roundtrip import roundtrip_errors
from flowcolor.training.say import say
from flowcolor.training.scores import PairScore, Setting, SketchFilter, line_scores, score_batch

SETTINGS: tuple[Setting, Setting] = ("self", "cross")  # Of the first and the second data loader.


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
        self.model = model
        self.loss = ColorizationLoss() if loss is None else loss
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.interval = interval
        self.weights = weights
        self.roundtrip_every = roundtrip_every
        self.run_config: dict[str, Any] = {}
        self.renew_optimizer = False
        self.val_ssim = StructuralSimilarityIndexMeasure(data_range=1.0)
        self.val_psnr = PeakSignalNoiseRatio(
            data_range=1.0, reduction="elementwise_mean", dim=(1, 2, 3)
        )
        self.val_lines = MeanMetric()
        self.val_control = MeanMetric()
        self.val_color = MeanMetric()
        self.test_scores: list[PairScore] = []
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
        self._require_finite(losses, batch)
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
        truth, size = batch["truth"], len(batch["name"])
        result = self(batch["sketch"], batch["reference"]).float().clamp(0, 1)
        log: dict[str, Any] = {"batch_size": size, "on_epoch": True, "add_dataloader_idx": False}
        if SETTINGS[dataloader_idx] == "self":
            self.val_ssim.update(result, truth)
            self.val_psnr.update(result, truth)
            self.log("val/ssim", self.val_ssim, prog_bar=True, **log)
            self.log("val/psnr", self.val_psnr, prog_bar=True, **log)
        elif batch_idx == 0:
            reference = batch["reference"]
            lines, control = line_scores(result, batch, self.sketch_filter)
            self.val_lines.update(lines)
            self.val_control.update(control)
            self.val_color.update(mean_color_distance(result, reference))
            self.log("val/cross_lines", self.val_lines, **log)
            self.log("val/cross_lines_control", self.val_control, **log)
            self.log("val/cross_color_distance", self.val_color, **log)
        if batch_idx == 0 and dataloader_idx == 0:
            for name, error in roundtrip_errors(self.model, truth).items():
                self.log(f"val/roundtrip_{name}", error, sync_dist=True, **log)

    def test_step(self, batch: dict[str, Any], batch_idx: int, dataloader_idx: int = 0) -> None:
        """Score every pair of one batch."""
        result = self(batch["sketch"], batch["reference"]).float().clamp(0, 1)
        setting = SETTINGS[dataloader_idx]
        self.test_scores += score_batch(setting, batch, result, self.sketch_filter)
        if batch_idx == 0 and dataloader_idx == 0:
            self.test_roundtrip = roundtrip_errors(self.model, batch["truth"])

    def on_test_epoch_end(self) -> None:
        """Print the table and write it, with every pair's scores, to ``test.json``."""
        scores, self.test_scores = gather(self.test_scores), []
        summary = summarise(scores)
        if self.trainer.is_global_zero:
            path = log_folder(self.trainer) / "test.json"
            errors = {name: float(value) for name, value in self.test_roundtrip.items()}
            write_json(scores, {"roundtrip": errors}, path)
            say(f"{table(summary, errors)}\nwrote {path}")

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
        except ValueError as error:
            raise InputError(f"The optimizer cannot be built: {error}.") from error

    def _require_finite(self, losses: dict[str, Tensor], batch: dict[str, Any]) -> None:
        if losses["loss"].isfinite():
            return
        names = ", ".join(batch["name"])
        for key in ("sketch", "reference", "truth"):
            if not batch[key].isfinite().all():
                raise InputError(
                    f"Image {key!r} of a batch ({names}) expects finite values, got NaN."
                )
        terms = ", ".join(f"{name} {float(value.detach()):g}" for name, value in losses.items())
        raise InputError(
            f"Training stopped at step {self.global_step} because the loss is not finite ({terms}; "
            f"samples {names}): the last checkpoint is intact, continue from it with a lower "
            "learning rate."
        )
