"""Callbacks that a training has no longer, or under other intervals, when it goes on."""

from types import SimpleNamespace

import pytest
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, Timer
from torch import nn

from flowcolor.errors import InputError
from flowcolor.training.other_callbacks import take_other_callbacks

SAID = "other than in the checkpoint: no"
MODULE = nn.Linear(1, 1)


def take(before, today, **more):
    states = {each.state_key: {"of": n} for n, each in enumerate(before)}
    checkpoint = {"callbacks": states, "state_dict": {}, **more}
    take_other_callbacks(checkpoint, SimpleNamespace(callbacks=today), MODULE)
    return [states.get(each.state_key, {}).get("of") for each in today]


def best(monitor="val/ssim", **interval):
    return ModelCheckpoint(monitor=monitor, **interval)


def test_the_best_so_far_is_known_under_other_intervals(capsys):
    often, seldom = best(every_n_train_steps=1), best(every_n_epochs=2)
    assert take([best(), best(None)], [often, best(None, every_n_epochs=3)]) == [0, None]
    assert take([best("other"), often], [seldom]) == [1]
    assert take([often], [often, seldom]) == [0, None]
    assert take([often, best()], [seldom]) == [None]  # Either may be it.
    said = capsys.readouterr().out
    assert (
        said
        == "other than in the checkpoint: no ModelCheckpoint{'monitor': 'other', 'mode': 'min'}\n"
    )


def test_what_is_missing_is_named(capsys):
    end = EarlyStopping("val/ssim", mode="max")
    assert take([end, Timer("00:01:00:00"), best(None)], [best()]) == [None]
    said = capsys.readouterr().out
    assert (
        said
        == "other than in the checkpoint: no EarlyStopping{'monitor': 'val/ssim', 'mode': 'max'}\n"
    )
    assert take([end], [EarlyStopping("val/ssim", mode="max", patience=9)]) == [0]
    assert not capsys.readouterr().out


def test_weights_beside_an_average_are_the_models():
    with pytest.raises(InputError, match=r"expects weights under 'current_model_state'"):
        take([], [], current_model_state=3)
    with pytest.raises(InputError, match="holds a model of another size"):
        take([], [], current_model_state={})


def test_names_of_callbacks_are_words():
    checkpoint = {"callbacks": {1: {}}, "state_dict": {}}
    with pytest.raises(InputError, match="expects names of callbacks under 'callbacks'"):
        take_other_callbacks(checkpoint, SimpleNamespace(callbacks=[]), MODULE)
