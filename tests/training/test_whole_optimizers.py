"""What optimizers and schedules of torch save after some steps is what they are resumed from."""

import io

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adafactor, Adam, AdamW, Rprop, lr_scheduler

from flowcolor.training.whole_optimizers import require_optimizers

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
