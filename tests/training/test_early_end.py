"""A training that was ended early is over when it is resumed, unless it is to wait longer."""

from types import SimpleNamespace

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import EarlyStopping

from flowcolor.losses import ColorizationLoss
from flowcolor.models import SketchColorFlow
from flowcolor.training.build_task import build_task
from flowcolor.training.early_end import renew_patience, repeat_early_end
from flowcolor.training.objectives import Paired
from tests.training.few_steps import fit


def trainer(**options):
    callback = EarlyStopping("train/loss", check_on_train_epoch_end=True, **options)
    return SimpleNamespace(
        callbacks=[callback],
        should_stop=False,
        fast_dev_run=False,
        callback_metrics={},
        strategy=SimpleNamespace(reduce_boolean_decision=lambda decision, **_: decision),
        current_epoch=0,
    )


def look(at, *numbers):
    for number in numbers:
        at.callback_metrics["train/loss"] = torch.tensor(number)
        at.callbacks[0]._run_early_stopping_check(at)


def resumed(before, **options):
    """Return a trainer that goes on from another's checkpoint, as Lightning lets it."""
    own = trainer(**options)
    key, state = own.callbacks[0].state_key, before.callbacks[0].state_dict()
    checkpoint = {"callbacks": {key: state}}
    renew_patience(checkpoint, own)
    own.callbacks[0].load_state_dict(checkpoint["callbacks"][key])
    repeat_early_end(own)
    return own


@pytest.mark.parametrize(
    ("options", "numbers"),
    [({"patience": 2}, (1.0, 2.0, 2.0)), ({"stopping_threshold": 3.0}, (1.0,))],
)
def test_what_had_ended_is_over_and_says_how_to_go_on(options, numbers, capsys):
    before = trainer(**options)
    look(before, *numbers)
    assert before.should_stop
    assert resumed(before, **options).should_stop
    assert "EarlyStopping has ended this training before: to go on" in capsys.readouterr().out


def test_the_patience_of_today_counts():
    before = trainer(patience=2)
    look(before, 1.0, 2.0, 2.0)
    after = resumed(before, patience=4)
    assert not after.should_stop
    look(after, 2.0)
    assert not after.should_stop
    look(after, 2.0)
    assert after.should_stop


def test_what_had_not_ended_goes_on():
    before = trainer(patience=2)
    look(before, 1.0, 2.0)
    after = resumed(before, patience=2)
    assert not after.should_stop
    look(after, 2.0)
    assert after.should_stop


def test_a_checkpoint_of_a_training_without_an_early_end_is_none_of_its_concern():
    own = trainer()
    renew_patience({"callbacks": {}}, own)
    repeat_early_end(own)
    assert not own.should_stop


class Ends(Callback):
    """Ends a training after its second batch, as a limit of time does."""

    def on_train_batch_end(self, trainer, *_):
        trainer.should_stop = trainer.global_step == 2


@pytest.mark.parametrize(
    ("limit", "options", "looks"),
    [
        ({"max_steps": 2}, {}, 0),
        ({}, {}, 0),
        ({}, {"check_on_train_epoch_end": False}, 0),
        ({"val_check_interval": 2}, {"check_on_train_epoch_end": False}, 1),  # It is time to.
        ({"limit_train_batches": 2}, {}, 1),
    ],
)
def test_what_a_limit_brings_about_is_not_waited_for(limit, options, looks):
    early = EarlyStopping("train/loss", patience=9, **options)
    early.best_score = torch.tensor(0.0)  # So that nothing is better.
    names = ("content", "reference", "truth")
    samples = [dict.fromkeys(names, torch.rand(3, 16, 16)) | {"name": "a"} for _ in range(4)]
    task = build_task(SketchColorFlow(1, nccbs=0, ccbs=1), Paired(ColorizationLoss(perceptual=0.0)))
    first = {"num_sanity_val_steps": 0, "callbacks": [Ends(), early]}
    fit(task, samples, batch=1, validated=samples[:1], **first, **limit)
    assert (task.global_step, early.wait_count) == (2, looks)
