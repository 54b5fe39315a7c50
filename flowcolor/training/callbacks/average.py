"""A slow average of the weights, which is what is validated, tested and exported."""

from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import StochasticWeightAveraging, WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from flowcolor.bounds import is_number, shown_value
from flowcolor.errors import InputError
from flowcolor.training.precision import widen_early


class WeightAverage(WeightAveraging):
    r"""Follow the weights by an exponential average whose decay is small at first.

    .. math:: \bar w_0 = w_0, \qquad \bar w_n = d_n \bar w_{n-1} + (1 - d_n) w_n, \qquad
              d_n = \min\big(d, \tfrac{1 + n}{10 + n}\big)

    with the weights :math:`w_n` after :math:`n + 1` steps. With :math:`d = 0.9999` from the first
    step on, 37 % of the average would still be the untrained network after ten thousand steps.
    Lightning's callback does the rest: validation sees the average, checkpoints hold both, and at
    the end the average takes the place of the weights. Buffers are copied.

    Args:
        decay: :math:`d` in [0, 1).

    Raises:
        InputError: ``decay`` is something else.
    """

    def __init__(self, decay: float) -> None:
        require_decay("WeightAverage expects decay to be", decay)
        super().__init__(use_buffers=False, multi_avg_fn=self._move)
        self.decay = decay
        self._shows_average = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Copy the weights as the run will have them."""
        widen_early(trainer, pl_module)
        super().setup(trainer, pl_module, stage)

    def decay_at(self, count: int) -> float:
        """Return :math:`d_n`."""
        return min(self.decay, (1 + count) / (10 + count))

    def _move(self, average: Any, current: Any, count: Tensor | int) -> None:
        get_ema_multi_avg_fn(self.decay_at(int(count)))(average, current, count)

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Let validation see the average."""
        super().on_validation_epoch_start(trainer, pl_module)
        self._shows_average = True

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go back to the weights."""
        super().on_validation_epoch_end(trainer, pl_module)
        self._shows_average = False

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Write both, and go back to the weights before, where a validation was interrupted."""
        if self._shows_average:  # The checkpoint holds the very tensors that are exchanged.
            self.on_validation_epoch_end(trainer, pl_module)
        super().on_save_checkpoint(trainer, pl_module, checkpoint)


def require_decay(beginning: str, decay: object) -> None:
    """Refuse what is no decay of an average, in a sentence with this beginning."""
    if not (is_number(decay) and 0 <= decay < 1):  # type: ignore[operator]
        raise InputError(f"{beginning} a number from 0 to below 1, got {shown_value(decay)}.")


def require_one_average(trainer: Trainer) -> None:
    """Refuse several averages of the weights.

    Each takes the place of the weights in a validation and in a checkpoint, so that one would
    average another, and leave it to be trained; or in the end, where the last would be left.

    Raises:
        InputError: It names them.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    kinds = (WeightAveraging, StochasticWeightAveraging)
    names = [type(each).__name__ for each in callbacks if isinstance(each, kinds)]
    if len(names) > 1:
        raise InputError(
            "trainer.callbacks expects one average of the weights, or model.average alone, whose "
            f"callback is {WeightAverage.__name__}, got {' and '.join(names)}."
        )


def leave_averages(trainer: Trainer, pl_module: LightningModule) -> None:
    """Go back to the weights where Lightning's own averages are shown.

    A checkpoint of an interrupted validation would hold each in the other's place.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        if isinstance(callback, WeightAveraging) and not isinstance(callback, WeightAverage):
            callback.on_validation_epoch_end(trainer, pl_module)


def finish_averages(trainer: Trainer, pl_module: LightningModule) -> None:
    """Let averages take the place of the weights where a training was over when it was resumed.

    Lightning neither begins nor ends such a training, and would leave the weights of its last step.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    for callback in callbacks:
        if isinstance(callback, WeightAveraging):
            callback.on_train_end(trainer, pl_module)
        elif isinstance(callback, StochasticWeightAveraging) and _ends_averaging(callback, trainer):
            own: Any = callback
            callback.transfer_weights(own._average_model, pl_module)


def ends_with_average(trainer: Trainer) -> bool:
    """Tell whether Lightning's stochastic average took the place of the weights in the end.

    No checkpoint has it as its weights: all are written before.
    """
    callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
    return any(
        isinstance(each, StochasticWeightAveraging) and _has_averaged(each, trainer)
        for each in callbacks
    )


def _has_averaged(callback: Any, trainer: Trainer) -> bool:
    count = callback._init_n_averaged if callback.n_averaged is None else callback.n_averaged
    epochs: Any = trainer.fit_loop.epoch_progress
    added = callback._model_contains_batch_norm and epochs.current.ready - 2 == callback.swa_end
    return int(count) > 0 and bool(added or _ends_averaging(callback, trainer))


def _ends_averaging(callback: Any, trainer: Trainer) -> bool:
    """Tell whether the last epoch is one after which this callback leaves its average.

    Where there is batch normalisation, it does so before the epoch that is added for that.
    """
    epochs: Any = trainer.fit_loop.epoch_progress
    return bool(callback._max_epochs == -1 or epochs.current.ready - 1 == callback.swa_end)
