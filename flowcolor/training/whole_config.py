"""The configuration of a run, written whole or not at all."""

from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.cli import SaveConfigCallback

from flowcolor.io.files import write_text


class WholeConfig(SaveConfigCallback):
    """Write ``config.yaml`` into the folder of the run.

    Lightning's own would leave the beginning of a file, and a traceback, on a full disk.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        folder = trainer.log_dir  # Every process has to ask.
        if folder is not None and trainer.is_global_zero and not self.already_saved:
            text = self.parser.dump(self.config, skip_none=False)
            write_text(text, Path(folder) / self.config_filename)
        self.already_saved = True
