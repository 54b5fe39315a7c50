"""The rate of each epoch, and that a resumed schedule goes on."""

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.training.late_linear import LateLinear


def schedule(constant=2, decay=3):
    return LateLinear(torch.optim.SGD([torch.zeros(1)], lr=0.4), constant, decay)


def rates(scheduler, count):
    found = []
    for _ in range(count):
        found += scheduler.get_last_lr()
        scheduler.optimizer.step()
        scheduler.step()
    return found


def test_the_rate_stays_and_then_falls_to_zero():
    assert rates(schedule(), 8) == pytest.approx([0.4, 0.4, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0])


def test_a_resumed_schedule_goes_on():
    first, second = schedule(), schedule()
    rates(first, 4)
    second.load_state_dict(first.state_dict())
    assert rates(second, 2) == pytest.approx([0.2, 0.1])


def test_negative_epochs_are_refused():
    with pytest.raises(InputError, match=r"^decay expects a number of epochs of at least 0, got -"):
        schedule(decay=-1)
