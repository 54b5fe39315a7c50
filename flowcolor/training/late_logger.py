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
            writer: Any = _LateWriter(self.log_dir)
            self._experiment = writer
        return self._experiment


class BeginLog(Callback):
    """Begin the file before the first step: whatever is refused has been."""

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, LateLogger) and trainer.is_global_zero:
                logger.experiment.begin()


class _LateWriter:
    """Torch's ``SummaryWriter``, made when it is first written with."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._writer: Any = None

    def begin(self) -> Any:
        """Return torch's own, whose file is there from now on."""
        if self._writer is None:
            # Here: who asks for help does not wait for it.
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self._folder)
        return self._writer

    def flush(self) -> None:
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # As what copies and pickles look for.
            raise AttributeError(name)
        return getattr(self.begin(), name)
