"""What every objective promises: pretrained weights in time, weights to train, and its results."""

import inspect

import pytest
from torch import nn

from flowcolor.errors import InputError
from flowcolor.training import objectives
from flowcolor.training.objectives import Adversarial, Objective
from tests.models import helpers

PLAIN = [name for name in objectives.__all__ if issubclass(getattr(objectives, name), Objective)]
PLAIN.remove("Objective")
JUDGES = [
    name for name in PLAIN if "loss" in inspect.signature(getattr(objectives, name)).parameters
]
RESULTS = ["AttendedStyle", "Exchanged", "Matched", "Paired"]
RESULTS += ["StylePairs", "Transfer", "WholeAndParts"]
TURNS = ["Adversarial", "Alternating", "Refining", "Unpaired"]  # With a step of their own.
# A colorizer that it trains, where it does not train any.
TRAINS = {
    "Alternating": helpers.trained_unet_adain,
    "AttendedStyle": helpers.trained_ada_attn,
    "Denoising": helpers.trained_palette,
    "InstanceChroma": helpers.trained_instance,
    "Likelihood": helpers.trained_glow,
    "Rebalanced": helpers.trained_cic,
    "Refining": helpers.trained_s2i,
    "SelfSupervised": lambda: helpers.trained_s2i(stage=1),
    "Symbols": helpers.trained_coltran,
    "Transfer": helpers.trained_art_flow,
    "Unpaired": helpers.trained_revgan,
    "WassersteinChroma": helpers.trained_chromagan,
    "WholeAndParts": helpers.trained_deep_face_editing,
}


class Reads(nn.Module):
    """Stands for a loss that needs pretrained weights."""

    read = False

    def prepare(self):
        self.read = True


def test_every_objective_is_known_here():
    without = {"Adversarial", "AttendedStyle", "Unpaired"}
    assert {*JUDGES} == {*TURNS, *RESULTS, "SelfSupervised"} - without
    assert TRAINS.keys() < {*PLAIN}


@pytest.mark.parametrize("name", JUDGES)
def test_what_its_loss_needs_is_read_before_the_first_batch(name):
    loss = Reads()
    objective = getattr(objectives, name)(loss=loss)
    assert not loss.read
    objective.prepare()
    assert loss.read


def test_what_the_loss_inside_a_game_needs_is_read_too():
    loss = Reads()
    Adversarial(objectives.Paired(loss)).prepare()
    assert loss.read


@pytest.mark.parametrize("name", PLAIN)
def test_a_colorizer_of_which_nothing_learns_is_refused(name):
    colorizer = TRAINS.get(name, helpers.trained)().requires_grad_(False)
    message = f"^{name} expects a colorizer with weights to train, got {type(colorizer).__name__},"
    with pytest.raises(InputError, match=message):
        getattr(objectives, name)().check(colorizer)


@pytest.mark.parametrize("wrong", [None, "tiny", nn.Linear(2, 2)], ids=["none", "text", "network"])
@pytest.mark.parametrize("name", PLAIN)
def test_what_is_no_colorizer_is_refused(name, wrong):
    message = rf"^{name} expects a colorizer, got {type(wrong).__name__}\.$"
    with pytest.raises(InputError, match=message):
        getattr(objectives, name)().check(wrong)


@pytest.mark.parametrize("name", PLAIN)
def test_a_critic_is_set_against_what_paints_only(name):
    objective = getattr(objectives, name)()
    if name in RESULTS:
        assert Adversarial(objective).objective is objective
    else:
        with pytest.raises(InputError, match=rf"^Adversarial expects .* judge, .*got {name}\.$"):
            Adversarial(objective)
