"""All that a checkpoint holds beside weights for a training to go on as if it had not ended."""

from typing import Any

from lightning import LightningModule, Trainer
from torch import Tensor

from flowcolor.training.accumulated import accumulate, accumulated, note_accumulated
from flowcolor.training.begun import note_begun
from flowcolor.training.early_end import pass_over_limits, renew_patience
from flowcolor.training.epoch_start import repeat_epoch_start
from flowcolor.training.finished import (
    begin_next_epoch,
    end_epoch_first,
    note_finished,
    show_no_batch,
)
from flowcolor.training.moved_files import follow_files, forget_others_files
from flowcolor.training.other_callbacks import take_other_callbacks
from flowcolor.training.own_states import note_own_states, take_own_states
from flowcolor.training.schedules import note_plateaus
from flowcolor.training.unfinished import note_unfinished
from flowcolor.training.unvalidated import (
    LastValidation,
    log_again,
    note_unvalidated,
    numbers_of_last_batch,
)
from flowcolor.training.whole_averages import require_averages
from flowcolor.training.whole_state import require_state
from flowcolor.training.whole_stops import require_stops


def note_progress(checkpoint: dict[str, Any], module: LightningModule) -> None:
    """Add to a checkpoint, in place, what Lightning leaves out or counts otherwise.

    Args:
        checkpoint: As Lightning has made it.
        module: What is trained, with its trainer.
    """
    note_finished(checkpoint, module.trainer)
    note_unfinished(checkpoint, module.trainer)
    note_unvalidated(checkpoint, module.trainer)
    note_accumulated(checkpoint, module)
    note_begun(checkpoint, module.trainer)
    note_own_states(checkpoint, module)
    forget_others_files(checkpoint)
    if "lr_schedulers" in checkpoint:
        note_plateaus(checkpoint, module.trainer)


class Resumption:
    """What is read from a checkpoint before a training goes on, and used once it does.

    Attributes:
        last_validation: The validation that is all that is left of the training, if it is.
    """

    def __init__(self) -> None:
        self.last_validation = LastValidation()
        self._gradients: dict[str, Tensor] = {}
        self._numbers: dict[str, Tensor] = {}

    def take(self, checkpoint: dict[str, Any], module: LightningModule) -> None:
        """Read a checkpoint whose weights fit; what is wrong in it is changed in place.

        Args:
            checkpoint: Of :func:`note_progress`.
            module: What is to be trained, with its trainer.

        Raises:
            InputError: Something is missing, damaged or of another training.
        """
        require_state(checkpoint, module.trainer)
        follow_files(checkpoint, module.trainer)
        require_averages(checkpoint, module.trainer, module)
        require_stops(checkpoint, module.trainer)
        take_own_states(checkpoint, module)
        take_other_callbacks(checkpoint, module.trainer, module)
        renew_patience(checkpoint, module.trainer)
        end_epoch_first(checkpoint)
        self._gradients = accumulated(checkpoint, module)
        self._numbers = numbers_of_last_batch(checkpoint)
        self.last_validation.await_in(module.trainer, checkpoint)

    def begin(self, module: LightningModule) -> None:
        """Let a training start where the checkpoint stands, or anew if there was none."""
        trainer: Trainer = module.trainer
        self.last_validation.begin(trainer)
        begin_next_epoch(trainer)
        show_no_batch(trainer)
        repeat_epoch_start(trainer)
        pass_over_limits(trainer)
        accumulate(self._gradients, module)
        log_again(self._numbers, module)
