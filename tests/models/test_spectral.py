"""Normalised layers are pickled like all others, with what their training has reached."""

import pickle

import pytest
import torch

from flowcolor.models import SelfSupervisedS2I, SpectralCritic


@pytest.mark.parametrize(
    "model",
    [SelfSupervisedS2I(4, 64, unit_gains=True), SpectralCritic(4, 2)],
    ids=["s2i", "critic"],
)
def test_pickles_go_on_as_the_model_would(model):
    images = torch.rand(3, 2, 3, 64, 64)
    given = [torch.cat([*images[:2]], 1)] if isinstance(model, SpectralCritic) else images[:2]
    model.train()(*given)
    chance = torch.get_rng_state()
    again = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(model))))
    assert torch.equal(chance, torch.get_rng_state())
    for parts in zip(model.state_dict().items(), again.state_dict().items(), strict=True):
        (name, one), (other_name, other) = parts
        assert name == other_name
        assert torch.equal(one, other)
    for _ in range(2):  # In training, every call improves the estimate of the norm.
        chance = torch.get_rng_state()
        picture = model(*given)
        torch.set_rng_state(chance)
        assert torch.equal(again(*given), picture)


def test_parameters_stay_those_of_an_optimizer_that_is_pickled_beside():
    critic = SpectralCritic(4, 2)
    optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)
    critic, optimizer = pickle.loads(pickle.dumps((critic, optimizer)))
    before = [p.detach().clone() for p in critic.parameters()]
    critic(torch.rand(2, 6, 16, 16)).mean().backward()
    optimizer.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, critic.parameters(), strict=True))
