"""What is resumed inside of a batch, and behind a validation, logs what one in one go does."""

from contextlib import suppress

import pytest
import torch
from lightning import Callback
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Paired
from tests.training.few_steps import fit


class Notes(Logger):
    """Keeps the numbers that it is given, and at which step."""

    name = version = ""

    def __init__(self):
        super().__init__()
        self.numbers = []

    def log_hyperparams(self, *_):
        pass

    def log_metrics(self, metrics, step):
        self.numbers += [(step, name, value) for name, value in sorted(metrics.items())]


class Stop(Callback):
    """Ends a training at a hook and leaves a checkpoint."""

    def __init__(self, hook, number, path):
        self.left, self.path = number, path
        setattr(self, hook, self.count)

    def count(self, trainer, *_):
        self.left -= 1
        if self.left == 0 and trainer.validating:  # As a signal does: it waits for the end.
            trainer._signal_connector.received_sigterm = True
        elif self.left == 0:
            raise SIGTERMException

    def on_exception(self, trainer, *_):
        trainer.save_checkpoint(self.path)


def numbers_of(batches, stop=None, checkpoint=None):
    """Return what two epochs log until they are ended, or from a checkpoint on."""
    torch.manual_seed(0)
    image = torch.rand(3, 4, 4)
    sample = {"content": image, "truth": image, "reference": image, "name": "x", "index": 0}
    model, objective = SketchColorFlow(1, 0, 1), Paired(ColorizationLoss(perceptual=0.0))
    task = build_task(model, objective, torch.optim.Adam)
    task.log_losses = lambda losses, batch: task.log("train/loss", losses["loss"], batch_size=1)
    task.validation_step = lambda *_: task.log("val/one", 1.0, batch_size=1)
    notes = Notes()
    options = {"logger": notes, "log_every_n_steps": 1, "max_epochs": 2, "num_sanity_val_steps": 0}
    options |= {"check_val_every_n_epoch": None, "val_check_interval": min(batches, 2)}
    options |= {"callbacks": [stop] if stop else [], "batch": 1, "checkpoint": checkpoint}
    with suppress(SIGTERMException):
        fit(task, [sample] * batches, validated=[sample], **options)
    return notes.numbers


@pytest.mark.parametrize(
    ("batches", "hook", "number"),
    [
        (1, "on_before_backward", 2),  # An epoch that has no other batch.
        (3, "on_before_backward", 2),
        (3, "on_validation_end", 1),
        (3, "on_train_epoch_start", 2),
    ],
)
def test_numbers_are_logged_at_the_steps_of_a_training_in_one_go(batches, hook, number, tmp_path):
    path, whole = tmp_path / "last.ckpt", numbers_of(batches)
    before = numbers_of(batches, Stop(hook, number, path))
    assert 0 < len(before) < len(whole)
    assert before + numbers_of(batches, checkpoint=path) == whole


def test_what_was_ended_before_its_first_batch_begins_with_it(tmp_path):
    path = tmp_path / "last.ckpt"
    assert numbers_of(3, Stop("on_train_epoch_start", 1, path)) == []
    assert torch.load(path, weights_only=True)["epoch"] == 0
    assert numbers_of(3, checkpoint=path) == numbers_of(3)
