"""What the last batch before a validation has logged, as a checkpoint holds it."""

from functools import partial

import pytest
import torch
from lightning import Callback
from torch.optim.lr_scheduler import OneCycleLR

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Paired
from flowcolor.training.unvalidated import numbers_of_last_batch
from tests.training.few_steps import fit

LOSS = torch.tensor(0.5)


@pytest.mark.parametrize(
    "numbers", [5, [LOSS], {3: LOSS}, {"train/loss": 0.5}, {"train/loss": LOSS.expand(2)}]
)
def test_other_than_numbers_by_name_are_refused(numbers):
    with pytest.raises(InputError, match="expects numbers by name as 'numbers_of_last_batch'"):
        numbers_of_last_batch({"numbers_of_last_batch": numbers})


@pytest.mark.parametrize("numbers", [{}, {"train/loss": LOSS}])
def test_numbers_are_those_of_the_checkpoint(numbers):
    assert numbers_of_last_batch({"numbers_of_last_batch": numbers}) == numbers
    assert numbers_of_last_batch({}) == {}


class Notes(Callback):
    """Saves after each batch, before the validation, and notes both."""

    def __init__(self, path):
        self.path, self.seen = path, []

    def on_train_batch_end(self, trainer, *_):
        self.seen.append("batch")
        trainer.save_checkpoint(self.path)

    def on_validation_end(self, trainer, pl_module):
        self.seen.append("validation")


@pytest.mark.parametrize(("every", "expected"), [(1, ["validation"]), (2, [])])
def test_after_the_last_step_a_validation_follows_where_it_is_due(every, expected, tmp_path):
    image = torch.rand(3, 4, 4)
    sample = {"content": image, "truth": image, "reference": image, "name": "x", "index": 0}
    schedule = partial(OneCycleLR, max_lr=0.1, total_steps=1)  # It has no rate for another step.
    seen, path = [], tmp_path / "last.ckpt"
    for checkpoint, interval in ((None, 1), (path, every)):
        model, objective = SketchColorFlow(1, 0, 1), Paired(ColorizationLoss(perceptual=0.0))
        task = build_task(model, objective, torch.optim.Adam, schedule, "step")
        notes = Notes(path)
        trainer = fit(
            task,
            [sample] * 4,
            validated=[sample],
            checkpoint=checkpoint,
            callbacks=[notes],
            max_steps=1,
            check_val_every_n_epoch=None,
            val_check_interval=interval,
            num_sanity_val_steps=0,
        )
        seen.append(notes.seen)
        assert trainer.global_step == trainer.max_steps == 1
    assert seen == [["batch", "validation"], expected]


class Epochs(Callback):
    """Notes when epochs begin and end, and what the last batch has logged; saves at one batch."""

    def __init__(self, path, batch):
        self.path, self.batch, self.seen, self.progress = path, batch, [], None

    def on_train_epoch_start(self, trainer, _):
        self.seen.append(trainer.current_epoch)

    def on_train_batch_end(self, trainer, *_):
        if trainer.global_step == self.batch:
            self.seen.clear()
            trainer.save_checkpoint(self.path)

    def on_train_epoch_end(self, trainer, _):
        self.seen.append({name: float(value) for name, value in trainer.callback_metrics.items()})
        self.progress = trainer.fit_loop.epoch_progress.state_dict()


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_after_the_last_batch_of_an_epoch_without_a_validation_its_end_follows(batch, tmp_path):
    image, path = torch.rand(3, 4, 4), tmp_path / "last.ckpt"
    sample = {"content": image, "truth": image, "reference": image, "name": "x", "index": 0}
    found = []
    for checkpoint in (None, path):
        torch.manual_seed(0)
        model, objective = SketchColorFlow(1, 0, 1), Paired(ColorizationLoss(perceptual=0.0))
        task = build_task(model, objective, torch.optim.Adam)
        task.log_losses = lambda losses, _, task=task: task.log("train/loss", losses["loss"])
        epochs = Epochs(path, None if checkpoint else batch)
        trainer = fit(
            task, [sample] * 4, checkpoint=checkpoint, callbacks=[epochs], max_epochs=2, batch=2
        )
        found.append((epochs.seen, epochs.progress, trainer.global_step, model.state_dict()))
    (whole, *counts, weights), (resumed, *resumed_counts, resumed_weights) = found
    assert whole == resumed
    assert counts == resumed_counts
    assert all(torch.equal(value, resumed_weights[name]) for name, value in weights.items())


class Batches(Callback):
    """Notes which batches train, by epoch and number."""

    def __init__(self):
        self.seen = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.seen.append((trainer.current_epoch, batch_idx))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_is_saved_after_a_limit_of_steps_goes_on_in_its_epoch(steps, tmp_path):
    image, path = torch.rand(3, 4, 4), tmp_path / "last.ckpt"
    sample = {"content": image, "truth": image, "reference": image, "name": "x", "index": 0}
    batches = Batches()
    for checkpoint, limit in ((None, steps), (path, -1)):
        task = build_task(SketchColorFlow(1, 0, 1), Paired(ColorizationLoss(perceptual=0.0)))
        options = {"max_epochs": 2, "max_steps": limit, "callbacks": [batches]}
        trainer = fit(task, [sample] * 2, batch=1, checkpoint=checkpoint, **options)
        trainer.save_checkpoint(path)
    assert batches.seen == [(0, 0), (0, 1), (1, 0), (1, 1)]
