"""``flowcolor fit`` of a system in two stages: one after another, also after an interruption."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest
import torch
import yaml
from torch import nn

from flowcolor import models
from flowcolor.errors import InputError
from flowcolor.experiments.runner import train_once
from flowcolor.experiments.staged import fit, plan
from flowcolor.models import Colorizer
from flowcolor.models.checkpoint import load_model, read_checkpoint, read_weights
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.stages import last_stages, overlaid, stages_of
from tests.training.helpers import call, flowcolor, write_config


class Twice(Colorizer):
    """Two convolutions, the second of which is there from stage 2 and learns alone."""

    content = frozenset({"drawing"})
    reference = "unused"

    def __init__(self, stage: int = 2):
        super().__init__()
        self.config, self.stage = {"stage": stage}, stage
        self.nets = nn.ModuleList([nn.Conv2d(3, 3, 3, padding=1) for _ in range(stage)])
        self.normal = nn.BatchNorm2d(3)

    @property
    def learning(self):
        return nn.ModuleList([self.nets[0], self.normal]) if self.stage == 1 else self.nets[1]

    def upgraded(self, state):
        missing = {name: value for name, value in self.state_dict().items() if "nets.1" in name}
        return missing | dict(state)

    def colorize(self, content, reference=None, **options):
        self.check_inputs(content, reference)
        first = self.normal(self.nets[0](content))
        return first if self.stage == 1 else first + self.nets[1](first)


@pytest.fixture(scope="module")
def config(run, tmp_path_factory):
    """Return a configuration with two stages of four steps."""
    path = write_config(tmp_path_factory.mktemp("staged") / "two.yaml", run.photos)
    whole = json.loads(path.read_text())
    whole["model"]["colorizer"] = {"class_path": f"{__name__}.Twice"}
    whole |= {"roundtrip": {}, "pictures": {"every_n_steps": 0}}
    whole["stages"] = [
        {"model": {"colorizer": {"init_args": {"stage": number}}}} for number in (1, 2)
    ]
    path.write_text(json.dumps(whole))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "Twice", Twice, raising=False)
        patch.setattr(models, "__all__", [*models.__all__, "Twice"])
        yield path


@dataclass
class Whole:
    root: Path
    model: Path
    calls: list[list[str]]


@pytest.fixture(scope="module")
def whole(config, tmp_path_factory):
    """Return a training that was not interrupted."""
    root, calls = tmp_path_factory.mktemp("whole") / "run", []
    return Whole(root, fit(plan(words(config, root)), own(calls)), calls)


def own(calls):
    """Return what runs commands in this process, and notes them."""

    def noted(words):
        calls.append(words)
        call(words)

    return noted


def words(config, root):
    return ["--config", str(config), "--trainer.default_root_dir", str(root)]


def test_stages_run_one_after_another_and_the_second_leaves_the_first_as_it_was(whole):
    assert whole.model == whole.root / "version_0/model.safetensors"
    first = load_model(whole.root / "stage_1/version_0/model.safetensors")
    second = load_model(whole.model)
    assert (first.stage, second.stage, len(whole.calls)) == (1, 2, 2)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name
    assert first.normal.num_batches_tracked > 0
    for number in (1, 2):  # An ordinary configuration, for whoever wants one stage by itself.
        assert not stages_of(whole.root / f"stage_{number}.yaml")
    last = read_checkpoint(whole.root / "version_0/checkpoints/last.ckpt")
    assert len(last["optimizer_states"][0]["param_groups"][0]["params"]) == 2


def test_what_is_done_is_not_done_again(config, whole, capsys):
    calls = []
    assert fit(plan(words(config, whole.root)), own(calls)) == whole.model
    assert not calls
    assert "stage 2 of 2 is done" in capsys.readouterr().out


def test_for_other_commands_the_configuration_is_that_of_the_last_stage(config, whole, tmp_path):
    last = whole.root / "version_0/checkpoints/last.ckpt"
    assert flowcolor("validate", *words(config, tmp_path), "--ckpt_path", last) == 0


def test_interruptions_within_and_between_stages_change_nothing(config, whole, tmp_path):
    """Stopped three times, each time the same command goes on where the last one stopped."""
    train, root, calls = ColorizationTask.training_step, tmp_path / "run", []
    for stop in ((1, 3), (2, 0), (2, 3), None):

        def interrupted(self, batch, batch_idx, stop=stop):
            if (self.colorizer.stage, self.global_step) == stop:
                raise KeyboardInterrupt
            return train(self, batch, batch_idx)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ColorizationTask, "training_step", interrupted)
            with pytest.raises(SystemExit) if stop else nullcontext():
                resumed = fit(plan([*words(config, root), "--ckpt_path=last"]), own(calls))
    # Beginning a stage anew would end alike, and only take longer.
    went_on = [any(word.startswith("--ckpt_path=") for word in call) for call in calls]
    assert went_on == [False, True, False, False, True]
    for name, value in load_model(whole.model).state_dict().items():
        assert torch.equal(value, load_model(resumed).state_dict()[name]), name


def test_a_stage_that_stopped_after_its_last_step_writes_its_model_all_the_same(
    config, whole, tmp_path
):
    root, calls = tmp_path / "run", []
    copytree(whole.root, root)
    file = root / "stage_1/version_0/model.safetensors"
    file.unlink()
    assert fit(plan(words(config, root)), own(calls)) == root / "version_0/model.safetensors"
    assert len(calls) == 1
    expected = load_model(whole.root / "stage_1/version_0/model.safetensors").state_dict()
    for name, value in load_model(file).state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_later_stage_refuses_to_start_without_the_earlier(config, run, tmp_path, capsys):
    (tmp_path / "second.yaml").write_text(yaml.safe_dump(stages_of(config)[1]))
    alone = ["fit", *words(tmp_path / "second.yaml", tmp_path / "run")]
    assert flowcolor(*alone) == 2
    expected = "Stage 2 of Twice expects --model.weights with a model of stage 1, got none.\n"
    assert capsys.readouterr().err.endswith(expected)
    assert not list((tmp_path / "run").glob("*"))
    assert flowcolor(*alone, "--model.weights", run.last) == 2
    expected = f"{run.last} expects a Twice, got the weights of a SketchColorFlow.\n"
    assert capsys.readouterr().err.endswith(expected)


def test_stages_of_an_experiment_begin_with_the_last_weights_of_the_one_before(config, tmp_path):
    """The best are chosen on photographs that the experiment may test."""
    rate = "--model.optimizer.init_args.lr=0.3"  # So that the best step is not the last.

    def stages(words):
        fit(plan(words[1:]), own([]))

    last = train_once(["--config", str(config), rate], tmp_path / "run", stages)
    stages(["fit", *words(config, tmp_path / "fit"), rate])
    assert "last" in begun_with(last)
    assert begun_with(tmp_path / "fit/version_0/checkpoints/last.ckpt") == ["best"]


def begun_with(last):
    """Return which of the first stage's weights a second one has left as they were."""
    second, files = read_weights(last).state, last.parents[2] / "stage_1/version_0/checkpoints"
    first = {name: read_weights(files / f"{name}.ckpt").state for name in ("best", "last")}
    return [k for k, v in first.items() if all(torch.equal(second[n], x) for n, x in v.items())]


def test_what_is_wrong_with_a_later_stage_shows_before_the_first_is_trained(config, tmp_path):
    whole = json.loads(config.read_text())
    whole["stages"][1]["trainer"] = {"precision": "16-true"}
    (wrong := tmp_path / "wrong.yaml").write_text(json.dumps(whole))
    calls = []
    with pytest.raises(InputError, match=r"precision"):
        fit(plan(words(wrong, tmp_path / "run")), own(calls))
    assert not calls
    assert not (tmp_path / "run").exists()


def test_what_stages_cannot_do_is_refused_in_words(config, tmp_path):
    root = tmp_path / "run"
    for option, expected in (
        ("--ckpt_path=a.ckpt", "which go on by themselves and expect no --ckpt_path, got a.ckpt."),
        ("--trainer.fast_dev_run=1", "fast_dev_run would write none for the next one."),
        ("--model.weights=a.ckpt", "has stages, which decide --model.weights themselves."),
    ):
        with pytest.raises(InputError, match=f"{expected}$"):
            plan([*words(config, root), option])
    for stage in plan(words(config, root)):
        stage.claim()
    with pytest.raises(InputError, match=r"stage_1\.yaml belongs to a training with another"):
        fit(plan([*words(config, root), "--data.seed=1"]), own([]))
    with pytest.raises(InputError, match=r"stages, of which each .* the one before, got .*kept\.$"):
        fit(plan([*words(config, tmp_path / "new"), f"--best.dirpath={tmp_path}/kept"]), own([]))
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("stages: [models/glow]")
    with pytest.raises(InputError, match=r"stages to be a list of two or more configurations\.$"):
        plan(words(wrong, root))


def test_a_training_that_cannot_begin_leaves_its_folder_to_others(config, tmp_path):
    root, made = tmp_path / "run", []

    def fail(_):
        for name in made:
            (root / name).mkdir()
        raise InputError("No such photographs.")

    for made in ([], ["stage_1"]):
        with pytest.raises(InputError, match="No such photographs"):
            fit(plan([*words(config, root), f"--data.seed={len(made)}"]), fail)
        assert len(list(root.glob("*.yaml"))) == 2 * len(made)


def test_another_number_of_stages_is_another_training(config, tmp_path):
    """The model of the last one lies where that of another last one would be looked for."""
    root, more = tmp_path / "run", tmp_path / config.name
    for stage in plan(words(config, root)):
        stage.claim()
    whole = json.loads(config.read_text())
    more.write_text(json.dumps(whole | {"stages": [*whole["stages"], whole["stages"][-1]]}))
    with pytest.raises(InputError, match=r"stage_1\.yaml belongs to a training with another"):
        fit(plan(words(more, root)), own([]))


@pytest.mark.parametrize(
    "left", ["version_0/model.safetensors", "stage_1/version_0/checkpoints/last.ckpt"]
)
def test_what_another_training_has_left_is_not_taken_for_that_of_a_stage(left, config, tmp_path):
    file = tmp_path / "run" / left
    file.parent.mkdir(parents=True)
    file.touch()
    calls = []
    with pytest.raises(InputError, match=f"other trainings, .* left {left}, got {tmp_path}/run"):
        fit(plan(words(config, tmp_path / "run")), own(calls))
    assert calls == []


def test_a_folder_in_place_of_a_configuration_is_one_sentence(config, tmp_path):
    (tmp_path / "run" / "stage_1.yaml").mkdir(parents=True)
    with pytest.raises(InputError, match=r"stage_1\.yaml cannot be read: Is a directory\.$"):
        plan(words(config, tmp_path / "run"))[0].claim()


def test_the_configuration_that_is_printed_is_that_of_the_last_stage(config, tmp_path, capsys):
    root = tmp_path / "runs"
    words = ("--config", config, "--trainer.default_root_dir", root, "--print_config")
    with pytest.raises(SystemExit, match=r"^0$"):
        flowcolor("fit", *words)
    assert "stage: 2" in capsys.readouterr().out
    assert not root.exists()


def test_a_stage_lies_on_top_of_what_all_share(tmp_path):
    file = tmp_path / "two.yaml"
    file.write_text("a: {b: 1, c: 2}\nstages: [{a: {b: 3}}, {d: 4}]\n")
    assert stages_of(file) == [{"a": {"b": 3, "c": 2}}, {"a": {"b": 1, "c": 2}, "d": 4}]


def test_what_yaml_takes_for_a_date_is_the_text_that_it_is_in_an_ordinary_file(tmp_path):
    file = tmp_path / "system.yaml"
    file.write_text("stages: [{}, {data: {train: 2020-01-01}}]\n")
    for words in (["--config", str(file)], [f"--config={file}"]):
        last = last_stages(words, [file])[-1].removeprefix("--config=")
        assert json.loads(last) == {"data": {"train": "2020-01-01"}}
    below = {"a": {"class_path": "X", "init_args": {"b": 1, "c": 2}}, "d": [1]}
    same = {"a": {"init_args": {"c": 3}}, "d": [2]}
    other = {"a": {"class_path": "Y", "init_args": {"c": 3}}}
    assert overlaid(below, same)["a"] == {"class_path": "X", "init_args": {"b": 1, "c": 3}}
    assert overlaid(below, same)["d"] == [2]
    assert overlaid(below, other)["a"] == other["a"]
