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
