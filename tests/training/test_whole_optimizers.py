"""What optimizers and schedules of torch save after some steps is what they are resumed from."""

import copy
import io

import pytest
import torch
from lightning.pytorch.cli import ReduceLROnPlateau
from torch import nn
from torch.optim import SGD, Adafactor, Adam, AdamW, Rprop, lr_scheduler

from flowcolor.errors import InputError
from flowcolor.training.resume import renew_optimizer
from flowcolor.training.whole_optimizers import require_optimizers
from tests.training.test_whole_state import GROUP, SCHEDULE, put

OPTIMIZERS = [
    Adam,
    lambda parameters: AdamW(parameters, lr=1, weight_decay=0),
    lambda parameters: Adam(parameters, betas=[0.8, 0.9], amsgrad=True, maximize=True),
    lambda parameters: SGD(parameters, momentum=0.9, nesterov=True),
    SGD,
    Adafactor,
    Rprop,
    torch.optim.LBFGS,
]
SCHEDULES = [
    None,
    lambda optimizer: lr_scheduler.StepLR(optimizer, 2),
    lambda optimizer: lr_scheduler.MultiStepLR(optimizer, [1, 3, 3]),
    lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2),
    lambda optimizer: lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.9)],
        [2],
    ),
]


def built(optimizer, schedule):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    made = optimizer(model.parameters())
    return model, made, schedule and schedule(made)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_what_has_been_saved_is_taken_back(optimizer, schedule):
    model, own, own_schedule = built(optimizer, schedule)

    def loss():
        own.zero_grad()
        value = model(torch.randn(5, 3)).square().sum()
        value.backward()
        return value

    for _ in range(3):
        own.step(loss)
        if own_schedule:
            own_schedule.step()
    saved = {
        "global_step": 3,
        "optimizer_states": [own.state_dict()],
        "lr_schedulers": [own_schedule.state_dict()] if own_schedule else [],
    }
    file = io.BytesIO()
    torch.save(saved, file)
    file.seek(0)
    _, fresh, fresh_schedule = built(optimizer, schedule)
    before = str(fresh.state_dict())
    require_optimizers(torch.load(file, weights_only=True), [(fresh, fresh_schedule)], False)
    assert str(fresh.state_dict()) == before


def one_cycle(optimizer):
    return lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=50)


def plateau(optimizer):
    return ReduceLROnPlateau(optimizer, monitor="val/ssim", mode="max", patience=0)


def saved(optimizer, schedule):
    """Return what a training holds after three steps, and everything freshly built."""
    model, own, own_schedule = built(optimizer, schedule)
    for _ in range(3):
        own.zero_grad()
        model(torch.ones(5, 3)).square().sum().backward()
        own.step()
        own_schedule.step(*([0.5] if schedule is plateau else []))
    state = {
        "global_step": 3,
        "optimizer_states": [own.state_dict()],
        "lr_schedulers": [own_schedule.state_dict()],
    }
    return copy.deepcopy(state), built(optimizer, schedule)[1:]


@pytest.mark.parametrize(
    ("schedule", "change"),
    [
        (one_cycle, put("min_lr", *SCHEDULE, "_schedule_phases", 0, "start_lr")),
        (one_cycle, put(40.0, *SCHEDULE, "_schedule_phases", 0, "end_step")),
        (one_cycle, put(51, *SCHEDULE, "total_steps")),
        (one_cycle, put(0, *SCHEDULE, "last_epoch")),
        (one_cycle, put(-3, *GROUP, "max_momentum")),
        (one_cycle, put(-3, *GROUP, "initial_lr")),
        (one_cycle, put(1e30, *GROUP, "base_momentum")),
        (one_cycle, put(10**30, *GROUP, "eps")),
        (plateau, put("val/x", *SCHEDULE, "monitor")),
        (plateau, put(3, *SCHEDULE, "mode")),
        (plateau, put(0.9, *SCHEDULE, "factor")),
        (plateau, put([1e30], *SCHEDULE, "min_lrs")),
        (plateau, put(-3, *SCHEDULE, "num_bad_epochs")),
        (plateau, put(0.5, *SCHEDULE, "cooldown_counter")),
        (plateau, put(10**30, *SCHEDULE, "cooldown_counter")),
    ],
)
def test_a_schedule_does_not_go_on_as_another(schedule, change):
    """Each would, without a word, teach by other rates from here on, or fail after some steps."""
    state, fresh = saved(Adam, schedule)
    require_optimizers(state, [fresh], False)
    change(state)
    with pytest.raises(InputError, match=r"The checkpoint expects .* it is damaged"):
        require_optimizers(state, [fresh], False)


@pytest.mark.parametrize("renewed", [False, True])
def test_several_momenta_are_none(renewed):
    state, fresh = saved(lambda parameters: SGD(parameters, momentum=0.9), plateau)
    state["optimizer_states"][0]["state"] = {}
    put(torch.tensor([1, 2]), *GROUP, "momentum")(state)
    with pytest.raises(InputError, match=r"The checkpoint expects .* it is damaged"):
        require_optimizers(state, [fresh], renewed)


def test_a_learning_rate_of_zero_is_replaced_by_another():
    state, _ = saved(lambda parameters: SGD(parameters, lr=0.0), plateau)
    _, optimizer, schedule = built(SGD, plateau)
    wanted = optimizer.param_groups[0]["lr"]
    renew_optimizer(state, optimizer, schedule)
    assert state["optimizer_states"][0]["param_groups"][0]["lr"] == wanted


@pytest.mark.parametrize("new", [plateau, one_cycle, *SCHEDULES[1:]])
@pytest.mark.parametrize("old", [plateau, one_cycle, SCHEDULES[3]])
def test_a_schedule_that_replaced_another_is_taken_back(old, new):
    """As what a training holds that was resumed with it."""
    state, _ = saved(Adam, old)
    _, optimizer, schedule = built(Adam, new)
    renew_optimizer(state, optimizer, schedule)
    schedule.load_state_dict(state["lr_schedulers"][0])
    state["lr_schedulers"] = [schedule.state_dict()]
    before = str(state)
    require_optimizers(state, [built(Adam, new)[1:]], False)
    assert str(state) == before
