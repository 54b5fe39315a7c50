"""A log for TensorBoard that begins with its training."""

from typing import Any

from lightning import Callback, Trainer
from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.loggers import TensorBoardLogger


class LateLogger(TensorBoardLogger):
    """Lightning's, without its empty file where a training is refused that was to go on.

    Lightning asks for what writes it before a checkpoint is read.
    """

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """What writes the file."""
        if self._experiment is None:
            self._experiment = _late_writer(self.log_dir)
        return self._experiment


class BeginLog(Callback):
    """Begin the file before the first step: whatever is refused has been."""

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, LateLogger):
                logger.experiment._get_file_writer()


def _late_writer(folder: str) -> Any:
    from torch.utils.tensorboard import SummaryWriter  # Here: who asks for help does not wait.

    class LateWriter(SummaryWriter):
        is_built = False

        def _get_file_writer(self) -> Any:
            return super()._get_file_writer() if self.is_built else None

    writer = LateWriter(folder)
    writer.is_built = True
    return writer
