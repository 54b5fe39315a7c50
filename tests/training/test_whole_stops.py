"""What ends a training goes on counting from numbers, or not at all."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, Timer

from flowcolor.errors import InputError
from flowcolor.training.whole_stops import require_stops

WAITING, TIMED = EarlyStopping("val/ssim", mode="max"), Timer(timedelta(hours=1))


def check(callback, state):
    checkpoint = {"callbacks": {callback.state_key: state}}
    require_stops(checkpoint, SimpleNamespace(callbacks=[callback]))


@pytest.mark.parametrize("callback", [WAITING, TIMED])
def test_what_has_been_saved_is_taken_back(callback):
    state = callback.state_dict()
    before = str(state)
    check(callback, state)
    require_stops({"callbacks": {}}, SimpleNamespace(callbacks=[callback]))
    callback.load_state_dict(state)
    assert str(state) == str(callback.state_dict()) == before


@pytest.mark.parametrize(
    ("callback", "name", "value"),
    [
        (WAITING, "wait_count", None),
        (WAITING, "wait_count", -3),
        (WAITING, "patience", float("nan")),
        (WAITING, "stopped_epoch", "x"),
        (WAITING, "best_score", "x"),
        (WAITING, "best_score", torch.tensor(float("nan"))),
        (WAITING, "best_score", torch.ones(2)),
        (WAITING, "stopping_reason", 9),
        (WAITING, "stopping_reason", torch.tensor(0)),
        (TIMED, "time_elapsed", "x"),
        (TIMED, "time_elapsed", {"train": float("nan")}),
        (TIMED, "time_elapsed", {"train": -1e9}),
        (TIMED, "time_elapsed", {"train": None}),
    ],
)
def test_a_training_does_not_count_on_from_what_is_no_number(callback, name, value):
    with pytest.raises(InputError, match=r"The checkpoint expects how long .* it is damaged"):
        check(callback, callback.state_dict() | {name: value})


def test_a_state_without_its_parts_is_none():
    for state in ({"patience": 3}, [1], "x", torch.ones(2)):
        with pytest.raises(InputError, match="it is damaged"):
            check(WAITING, state)
