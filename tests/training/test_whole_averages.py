"""Averages of Lightning's own callbacks go on as they were, or not at all."""

import copy
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, StochasticWeightAveraging
from lightning.pytorch.demos.boring_classes import BoringModel
from torch.optim.swa_utils import SWALR

from flowcolor.errors import InputError
from flowcolor.training.whole_averages import require_averages
from tests.training.test_whole_state import put, remove

EMA, SWA = "EMAWeightAveraging", "StochasticWeightAveraging"
CURRENT = "current_model_state"
WEIGHT = (CURRENT, "layer.weight")
AVERAGED = ("callbacks", SWA, "average_model_state")


def moving():
    """Return a model, an average of it, and their checkpoint after six steps."""
    module, callback = BoringModel(), EMAWeightAveraging(decay=0.9)
    callback.setup(None, module, "fit")
    for _ in range(6):
        callback._average_model.update_parameters(module)
    callback._latest_update_step = 6
    checkpoint = {"state_dict": module.state_dict(), "callbacks": {EMA: callback.state_dict()}}
    callback.on_save_checkpoint(None, module, checkpoint)
    return module, callback, checkpoint | {"lr_schedulers": [], "epoch": 2, "global_step": 6}


def stochastic():
    """Return the same after two averaged epochs."""
    module, callback = BoringModel(), StochasticWeightAveraging(swa_lrs=0.1)
    optimizer = torch.optim.SGD(module.parameters())
    schedule = SWALR(optimizer, swa_lr=0.1)
    for _ in range(2):
        optimizer.step()
        schedule.step()
    state = {
        "n_averaged": 2,
        "latest_update_epoch": 1,
        "scheduler_state": schedule.state_dict(),
        "average_model_state": module.state_dict(),
    }
    checkpoint = {"state_dict": module.state_dict(), "callbacks": {SWA: state}}
    schedules = [schedule.state_dict()]
    return module, callback, checkpoint | {"lr_schedulers": schedules, "epoch": 2, "global_step": 6}


def check(module, callback, checkpoint):
    require_averages(checkpoint, SimpleNamespace(callbacks=[callback]), module)


@pytest.mark.parametrize("made", [moving, stochastic])
def test_what_has_been_saved_is_taken_back(made):
    module, callback, checkpoint = made()
    before = str((checkpoint, module.state_dict()))
    check(module, callback, checkpoint)
    assert str((checkpoint, module.state_dict())) == before
    # It may begin with a checkpoint of a training without one.
    for name in (CURRENT, "averaging_state"):
        checkpoint.pop(name, None)
    check(module, callback, checkpoint | {"callbacks": {}, "lr_schedulers": [{"gamma": 1}]})


@pytest.mark.parametrize(
    ("made", "change"),
    [
        (moving, remove(CURRENT)),
        (moving, put("x", CURRENT)),
        (moving, put({}, CURRENT)),
        (moving, put([1], *WEIGHT)),
        (moving, put(torch.ones(2, 3), *WEIGHT)),
        (moving, put(torch.ones(2, 32).half(), *WEIGHT)),
        (moving, put(torch.ones(2, 32, device="meta"), *WEIGHT)),
        (moving, put({}, "averaging_state")),
        (moving, put("x", "averaging_state", "n_averaged")),
        (moving, put(torch.tensor(-5), "averaging_state", "n_averaged")),
        (moving, put(torch.ones(2), "averaging_state", "more")),
        (moving, remove("callbacks", EMA)),
        (moving, put({}, "callbacks", EMA)),
        (moving, put(None, "callbacks", EMA, "latest_update_step")),
        (moving, put(float("nan"), "callbacks", EMA, "latest_update_step")),
        (moving, put(7, "callbacks", EMA, "latest_update_step")),
        (stochastic, remove("callbacks", SWA)),
        (stochastic, put({}, "callbacks", SWA)),
        (stochastic, put(None, *AVERAGED)),
        (stochastic, put("x", *AVERAGED, "layer.bias")),
        (stochastic, remove(*AVERAGED, "layer.bias")),
        (stochastic, put(torch.full((2,), torch.nan), *AVERAGED, "layer.bias")),
        (stochastic, put(None, "callbacks", SWA, "n_averaged")),
        (stochastic, put(3, "callbacks", SWA, "n_averaged")),
        (stochastic, put(10**30, "callbacks", SWA, "latest_update_epoch")),
        (stochastic, put(None, "callbacks", SWA, "scheduler_state")),
        (stochastic, put("x", "callbacks", SWA, "scheduler_state", "_step_count")),
        (stochastic, remove("callbacks", SWA, "scheduler_state", "last_epoch")),
        (stochastic, put("x", "callbacks", SWA, "scheduler_state", "_anneal_strategy")),
    ],
)
def test_an_average_does_not_go_on_from_what_is_none(made, change):
    module, callback, checkpoint = made()
    checkpoint = copy.deepcopy(checkpoint)
    change(checkpoint)
    with pytest.raises(InputError, match=r"The checkpoint (expects .*, got |holds a model)"):
        check(module, callback, checkpoint)
