"""The configuration of a run, written whole or not at all."""

from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from flowcolor.io.files import write_text


class WholeConfig(SaveConfigCallback):
    """Write ``config.yaml`` into the folder of the run once the run has begun.

    Lightning's own would leave the beginning of a file, and a traceback, on a full disk. And it
    writes before a checkpoint is read: one that is refused would have cost the run, whose folder it
    is, its configuration.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write nothing yet."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it, where no validation came before."""
        self._write(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any numbers."""
        self._write(trainer)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any numbers."""
        self._write(trainer)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any picture."""
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        if self.already_saved:
            return
        folder = trainer.log_dir  # Every process has to ask.
        if folder is not None and trainer.is_global_zero:
            text = self.parser.dump(self.config, skip_none=False)
            write_text(text, Path(folder) / self.config_filename)
        self.already_saved = True
