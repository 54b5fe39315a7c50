"""From which weights a stage of training may start, and what of them it leaves as it was."""

import re
from types import SimpleNamespace

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.models.checkpoint import export_weights
from flowcolor.models.round_trip import exact
from flowcolor.training.build_task import build_task
from flowcolor.training.frozen import freeze_the_rest
from flowcolor.training.objectives import Symbols
from tests.models.helpers import trained_coltran, trained_s2i


@pytest.fixture
def models(tmp_path):
    """Write a model of each stage, and return the models and the files."""
    found = {stage: trained_coltran(stage=stage) for stage in (1, 2, 3)}
    for stage, model in found.items():
        export_weights(model, tmp_path / f"{stage}.safetensors", 4)
    return {stage: (model, tmp_path / f"{stage}.safetensors") for stage, model in found.items()}


@pytest.mark.parametrize(("wanted", "found"), [(2, 1), (2, 2), (3, 2), (3, 3)])
def test_a_stage_starts_from_the_one_before_or_goes_on_from_itself(wanted, found, models):
    earlier, file = models[found]
    task = build_task(trained_coltran(stage=wanted, seed=1), Symbols(), weights=file)
    task.setup("fit")
    state = task.colorizer.state_dict()
    assert all(torch.equal(state[name], value) for name, value in earlier.state_dict().items())
    learning = {id(weight) for weight in task.colorizer.learning.parameters()}
    assert all(w.requires_grad == (id(w) in learning) for w in task.colorizer.parameters())
    ((optimizer, _),) = task.build_optimizers()
    moved = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    assert moved == learning


def test_a_stage_is_not_skipped(models):
    task = build_task(trained_coltran(), Symbols(), weights=models[1][1])
    expected = "Stage 3 of ColTran expects --model.weights with a model of stage 2, got one of"
    with pytest.raises(InputError, match=f"^{re.escape(expected)} stage 1\\.$"):
        task.setup("fit")
    with pytest.raises(InputError, match=r"with a model of stage 2, got none\.$"):
        build_task(trained_coltran(), Symbols()).setup("fit")
    build_task(trained_coltran(), Symbols()).setup("test")  # Nothing is trained.


@pytest.mark.parametrize("stage", ["validation", "test", "predict"])
def test_networks_that_nobody_has_trained_yet_are_not_used(stage, models):
    def started(task):
        task.setup(stage)
        getattr(task, f"on_{stage}_start")()
        return task

    early = build_task(trained_coltran(), Symbols(), weights=models[1][1])
    expected = f"expects a ColTran of stage 3, got one of an earlier stage: {models[1][1]}."
    with pytest.raises(InputError, match=f"^--model.weights {re.escape(expected)}$"):
        started(early)
    whole = started(build_task(trained_coltran(seed=1), Symbols(), weights=models[3][1]))
    state = whole.colorizer.state_dict()
    assert all(torch.equal(state[k], value) for k, value in models[3][0].state_dict().items())
    second = build_task(trained_coltran(stage=2, seed=1), Symbols(), weights=models[1][1])
    second.setup("fit")
    second._trainer = SimpleNamespace(callbacks=[])
    second.on_fit_start()
    second._trainer = None
    started(second)  # Of what was trained, whatever that began with.


def test_weights_to_start_from_do_not_come_back_after_the_training(models):
    task = build_task(trained_coltran(stage=2), Symbols(), weights=models[2][1])
    task.setup("fit")
    weight = next(task.colorizer.parameters())
    with torch.no_grad():
        weight += 1
    moved = weight.detach().clone()
    task.setup("test")
    assert torch.equal(weight, moved)


def test_what_a_later_stage_does_not_train_is_frozen_and_in_eval_mode():
    model = trained_s2i().train()
    freeze_the_rest(model)
    for name, part in (("autoencoder", model.autoencoder), ("refiner", model.refiner)):
        learns = name == "refiner"
        assert all(weight.requires_grad == learns for weight in part.parameters())
        assert all(module.training == learns for module in part.modules())


def test_a_look_at_a_later_stage_leaves_every_mode_as_it_was():
    model = trained_s2i().train()
    freeze_the_rest(model)
    before = [module.training for module in model.modules()]
    with exact(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == before
