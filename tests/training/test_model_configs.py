"""Configurations of published systems: commands, numbers and schedules that are what they say."""

import json
import re
import shlex
from contextlib import suppress

import pytest
import torch

from flowcolor import models
from flowcolor.models.checkpoint import load_model
from flowcolor.training.config_files import (
    find_config,
    packaged_configs,
    packaged_overlays,
    read_yaml,
)
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from flowcolor.training.stages import stages_of
from tests.training.helpers import flowcolor, write_photos


class Parsed(TrainingCLI):
    """Reads a command line and builds nothing."""

    def instantiate_classes(self):
        pass


def config_of(*words):
    with quiet():
        return Parsed(["fit", *words], run=False).config["fit"]


def stages(name):
    """Return what each stage of a configuration says, as the command line completes it."""
    file = find_config(name)
    return stages_of(file) or [read_yaml(file)]


def class_of(config):
    return getattr(models, config["model"]["colorizer"]["class_path"].rpartition(".")[2])


NAMES = [name for name in packaged_overlays() if name.startswith("models/")]
TRAINED = [name for name in NAMES if class_of(stages(name)[-1]).trained]


def comment_of(name):
    lines = find_config(name).read_text().splitlines()
    return [line.removeprefix("#") for line in lines if line.startswith("#")]


def commands_of(name):
    """Return the commands in a configuration's comment, each as a list of words."""
    text = "\n".join(line for line in comment_of(name) if line.startswith("   "))
    return [shlex.split(line) for line in text.replace("\\\n", " ").splitlines()]


@pytest.mark.parametrize("name", TRAINED)
def test_every_command_of_a_comment_is_one_and_so_are_its_options(name, tmp_path):
    first, *others = commands_of(name)
    # What the sentences say to add, which other commands may contain, too.
    text = " ".join(comment_of(name))
    beside = re.findall(r"--(?:model|data)\.\S+ [^\s,;)]+", text.replace("--data.train", ""))
    for command in (first + " ".join(beside).split(), *others):
        assert command[:2] in (["flowcolor", "fit"], ["flowcolor", "compare"])
        if command[1] == "fit":
            assert command[2:4] == ["--config", name]
            config_of(*command[2:], f"--trainer.default_root_dir={tmp_path}")


@pytest.mark.parametrize("stage", [0, 1])
def test_the_published_loss_of_s2i_is_one_of_both_stages(stage, tmp_path):
    file = tmp_path / "stage.yaml"
    file.write_text(json.dumps(stages("models/s2i")[stage]))
    _, published = commands_of("models/s2i")
    config = config_of("--config", str(file), *published[4:])
    loss = config.model.objective.init_args.loss
    assert loss.class_path == "flowcolor.losses.MSELPIPSLoss"
    chosen = (loss.init_args.mse, loss.init_args.lpips, loss.init_args.network)
    assert chosen == (4.0, 32.0, "vgg16")


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", TRAINED)
def test_parameters_are_as_many_as_the_comment_says(name):
    last = stages(name)[-1]
    options = last["model"]["colorizer"].get("init_args", {})
    known = []
    with torch.device("meta"):
        model = class_of(last)(**options)
        known += [count(part) for part in model.modules()]
        for other in ({"classes": 1000}, {"pool": None}):  # Those that a comment tells of.
            with suppress(TypeError):
                known.append(count(class_of(last)(**options | other)))
    said = re.findall(r"(\d+(?:\.\d+)?) M\b(?!B)", " ".join(comment_of(name)))
    for number in said:
        digits = len(number.partition(".")[2])
        assert number in {f"{value / 1e6:.{digits}f}" for value in known}
    assert said


@pytest.mark.parametrize("name", [*TRAINED, *packaged_configs()])
def test_schedules_are_as_long_as_their_stage_and_end_with_a_rate(name, tmp_path):
    for stage in stages(name):
        trainer, schedule = stage["trainer"], stage["model"].get("scheduler")
        limits = [trainer.get("max_epochs", -1), trainer.get("max_steps", -1)]
        assert any(limit > 0 for limit in limits)
        if schedule is None or "Plateau" in schedule["class_path"]:
            continue
        length = limits[stage["model"].get("interval", "epoch") == "step"]
        rates = rates_of(schedule, min(length, 20_000))
        assert rates[-1] > 0
        assert len(set(rates)) > 1
        assert length > len(set(rates)) - 2
        falling = rates[rates.index(max(rates)) :]  # A cosine that is too short climbs again.
        assert falling == sorted(falling, reverse=True)


def rates_of(schedule, count):
    module, _, word = schedule["class_path"].rpartition(".")
    kind = getattr(__import__(module, fromlist=[word]), word)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = kind(optimizer, **schedule["init_args"])
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def test_schedules_are_those_of_the_publications():
    (adaattn,) = stages("models/adaattn")
    assert rates_of(adaattn["model"]["scheduler"], 5) == pytest.approx([1, 1, 0.3, 0.09, 0.027])
    (palette,) = stages("models/palette")
    rates = rates_of(palette["model"]["scheduler"], 10_001)
    assert rates[5000] == pytest.approx(0.5, abs=1e-3)
    assert rates[10_000] == pytest.approx(1)
    for stage, (constant, decay) in zip(
        stages("models/instance"), [(100, 50), (100, 50), (10, 20)], strict=True
    ):
        assert stage["trainer"]["max_epochs"] == constant + decay
        rates = rates_of(stage["model"]["scheduler"], constant + decay)
        assert rates[constant] == 1 > rates[constant + 2]
        assert rates[-1] == pytest.approx(2 / (decay + 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adaattn", "chromagan", "deepfaceediting", "palette", "scft"])
def test_the_small_configuration_of_a_large_system_trains(name, tmp_path):
    """Those in stages are trained in ``tests/experiments/test_staged_systems.py``."""
    options = {
        "data.train": write_photos(tmp_path / "photos", 5),
        "data.batch_size": 2,
        "data.held_out": 3,
        "data.repeat": 1,
        "trainer.max_epochs": 1,
        "trainer.check_val_every_n_epoch": 2,
        "trainer.log_every_n_steps": 1,
        "trainer.accelerator": "cpu",
        "trainer.enable_progress_bar": "false",
        "trainer.default_root_dir": tmp_path,
    }
    words = [f"--{key}={value}" for key, value in options.items()]
    assert flowcolor("fit", "--config", f"models/{name}-small", *words) == 0
    model = load_model(tmp_path / "version_0/model.safetensors")
    assert isinstance(model, class_of(stages(f"models/{name}-small")[0]))
    assert all(weight.isfinite().all() for weight in model.parameters())
