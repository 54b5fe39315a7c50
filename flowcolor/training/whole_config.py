"""The configuration of a run, written whole or not at all."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from flowcolor.io.files import exists
from flowcolor.io.whole_file import write_text


class WholeConfig(SaveConfigCallback):
    """Write ``config.yaml`` into the folder of the run; where there is one, once the run has begun.

    Lightning's own would leave the beginning of a file, and a traceback, on a full disk. And it
    writes before a checkpoint is read: one that is refused would have cost the run, whose folder it
    is, its configuration.
    """

    _early: Path | None = None  # Written before anything could be refused.

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Write it where there is none, so that a full disk is noticed first of all."""
        self._write(trainer, replace=False)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Write it before the first step: whatever is refused has been."""
        self._write(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any numbers, but for those that a training begins with."""
        if not trainer.sanity_checking:
            self._write(trainer)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any numbers."""
        self._write(trainer)

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it before any picture."""
        self._write(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Take it back where nothing came of the run, as of a checkpoint that is refused."""
        if self._early is not None:
            with suppress(OSError):
                self._early.unlink()

    def _write(self, trainer: Trainer, replace: bool = True) -> None:
        """Write it once; until then every process has to ask where, together."""
        if self.already_saved:
            return
        folder = trainer.log_dir
        if folder is not None and trainer.is_global_zero:
            file = Path(folder) / self.config_filename
            if replace or not exists(file):
                config = self.config.clone()
                config.ckpt_path = None  # A training with this configuration begins anew.
                write_text(self.parser.dump(config, skip_none=False), file)
                self._early = None if replace else file
        self.already_saved = replace
