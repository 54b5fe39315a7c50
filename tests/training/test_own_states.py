"""Pools of pictures belong to a process each, and a training on several goes on with all."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from flowcolor.errors import InputError
from flowcolor.training import own_states
from flowcolor.training.objectives import ImagePool
from flowcolor.training.own_states import note_own_states, take_own_states


def process(rank, of=2):
    """Return a module with a pool that has seen as many pictures as the rank says, and one more."""
    module = nn.ModuleDict({"pool": ImagePool(4)})
    module["pool"](torch.full((rank + 1, 3, 2, 2), 0.1 * rank))
    module.trainer = SimpleNamespace(global_rank=rank, world_size=of)
    return module


def own(module):
    return {"pool._extra_state": module["pool"].get_extra_state()}


@pytest.fixture
def checkpoint(monkeypatch):
    """Return what the first of two processes writes, of a training with an average of weights."""
    first, second = process(0), process(1)
    average = nn.ModuleDict({"pool": ImagePool(4)})
    written = {"state_dict": average.state_dict(), "current_model_state": first.state_dict()}
    monkeypatch.setattr(own_states, "gather_all", lambda states: [states, own(second)])
    note_own_states(written, first)
    return written


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_goes_on_with_its_own_pool(checkpoint, rank):
    resumed = nn.ModuleDict({"pool": ImagePool(4)})
    resumed.trainer = SimpleNamespace(global_rank=rank, world_size=2)
    take_own_states(checkpoint, resumed)
    resumed.load_state_dict(checkpoint["current_model_state"])
    true = process(rank)["pool"]
    assert resumed["pool"].seen == true.seen == rank + 1
    assert torch.equal(torch.stack(resumed["pool"].images), torch.stack(true.images))


def test_a_process_by_itself_goes_on_with_the_pool_of_the_first(checkpoint):
    before = deepcopy(checkpoint)
    take_own_states(checkpoint, process(0, of=1))
    assert str(checkpoint) == str(before)


def test_one_process_has_nothing_to_tell_another():
    written = {}
    note_own_states(written, process(0, of=1))
    assert not written


@pytest.mark.parametrize("states", [5, [5, 5], [{"pool._extra_state": 1, "more": 2}, {}]])
def test_states_of_something_else_are_refused(checkpoint, states):
    with pytest.raises(InputError, match="what each process keeps under 'states_of_processes'"):
        take_own_states(checkpoint | {"states_of_processes": states}, process(1))
