"""The average of the weights against its closed form, and where a run keeps it."""

import json
from functools import cache
from shutil import copyfile

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.models import Tint
from flowcolor.models.checkpoint import read_checkpoint, read_weights
from flowcolor.training.build_task import build_task
from flowcolor.training.callbacks.average import WeightAverage
from tests.training.helpers import flowcolor

DECAY = 0.2  # So that it counts from the third step on, after 2/11.


@pytest.fixture(scope="module")
def averaged(run, tmp_path_factory):
    """The configuration of a run of four steps with an average, which keeps each step."""
    config = json.loads(run.config.read_text())
    every = {"filename": "step{step}", "save_top_k": -1, "every_n_train_steps": 1}
    keeper = {"class_path": "lightning.pytorch.callbacks.ModelCheckpoint", "init_args": every}
    config["trainer"]["callbacks"] = [keeper]
    config["model"]["average"] = DECAY
    path = tmp_path_factory.mktemp("averaged") / "averaged.json"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture(scope="module")
def whole(averaged):
    folder = averaged.parent / "whole"
    assert fit(averaged, folder) == 0
    return folder / "version_0"


def fit(config, root, *words):
    return flowcolor("fit", "--config", config, "--trainer.default_root_dir", root, *words)


def steps_of(folder):
    return sorted((folder / "checkpoints").glob("step*.ckpt"))


def test_the_average_has_the_closed_form_of_its_weights():
    callback, values = WeightAverage(0.7), torch.randn(40, dtype=torch.float64)
    average = values[0].clone()
    for n, value in enumerate(values[1:], 1):
        callback._move([average], [value], torch.tensor(n))

    @cache
    def decay(n):
        return min(0.7, (1 + n) / (10 + n)) if n else 0.0

    shares = [
        (1 - decay(n)) * torch.tensor([decay(k) for k in range(n + 1, 40)]).double().prod()
        for n in range(40)
    ]
    assert float(sum(shares)) == pytest.approx(1)
    assert_close(average, (torch.stack(shares) * values).sum())


def test_the_untrained_network_is_soon_forgotten():
    callback, average = WeightAverage(0.9999), torch.ones((), dtype=torch.float64)
    for n in range(1, 1000):
        callback._move([average], [torch.zeros_like(average)], n)
    assert 0 < float(average) < 1e-15
    assert callback.decay_at(10**6) == 0.9999


def test_checkpoints_hold_the_average_and_the_weights_that_it_is_of(whole):
    steps = [read_checkpoint(path) for path in steps_of(whole)]
    assert [step["global_step"] for step in steps] == [1, 2, 3, 4]
    for name, value in steps[-1]["state_dict"].items():
        if not value.is_floating_point():
            continue
        weights = [step["current_model_state"][name] for step in steps]
        expected = weights[0]
        for n, weight in enumerate(weights[1:], 1):
            decay = min(DECAY, (1 + n) / (10 + n))
            expected = decay * expected + (1 - decay) * weight
        assert_close(value, expected)
    last = steps[-1]
    assert any(
        not torch.equal(value, last["current_model_state"][name])
        for name, value in last["state_dict"].items()
    )


def test_what_trains_is_what_would_without_an_average(run, whole):
    """A validation, which sees the average, gives the weights back."""
    plain = read_checkpoint(run.last)
    last = read_checkpoint(whole / "checkpoints/last.ckpt")
    assert plain["global_step"] == last["global_step"] == 4
    for name, value in plain["state_dict"].items():
        assert torch.equal(value, last["current_model_state"][name]), name


def test_the_average_is_exported(whole):
    exported = read_weights(whole / "model.safetensors").state
    best = read_weights(whole / "checkpoints/best.ckpt").state
    assert all(torch.equal(value, exported[name]) for name, value in best.items())


def test_without_validation_it_is_exported_all_the_same(averaged, tmp_path):
    assert fit(averaged, tmp_path, "--trainer.limit_val_batches=0") == 0
    exported = read_weights(tmp_path / "version_0/model.safetensors").state
    last = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")
    weights = last["current_model_state"]
    for name, value in exported.items():
        assert torch.equal(value, last["state_dict"][f"colorizer.{name}"]), name
    assert any(not torch.equal(v, weights[f"colorizer.{name}"]) for name, v in exported.items())


def test_a_resumed_run_goes_on_from_both(whole, tmp_path):
    """From the middle of an epoch, by the checkpoint's own word that there is an average."""
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    last.parent.mkdir(parents=True)
    copyfile(steps_of(whole)[2], last)
    rest = ("--trainer.max_epochs=2", "--trainer.accelerator=cpu", "--pictures.every_n_steps=2")
    assert flowcolor("fit", "--ckpt_path", last, *rest) == 0
    resumed, uninterrupted = (
        read_checkpoint(path) for path in (last, whole / "checkpoints/last.ckpt")
    )
    assert resumed["global_step"] == 4
    for key in ("state_dict", "current_model_state"):
        for name, value in uninterrupted[key].items():
            assert torch.equal(value, resumed[key][name]), (key, name)


def test_a_run_goes_on_without_it_from_the_weights(run, whole, tmp_path):
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    last.parent.mkdir(parents=True)
    copyfile(steps_of(whole)[2], last)
    assert fit(run.config, tmp_path, "--model.average", "null", "--ckpt_path", last) == 0
    resumed, plain = read_checkpoint(last), read_checkpoint(run.last)
    assert resumed["global_step"] == plain["global_step"] == 4
    for name, value in plain["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan"), "0.9", True])
def test_what_is_no_decay_is_refused(decay):
    with pytest.raises(InputError, match=r"^model\.average expects a number from 0 to below 1"):
        build_task(Tint(), average=decay)
    with pytest.raises(InputError, match=r"^WeightAverage expects decay to be a number from 0 to"):
        WeightAverage(decay)
