"""A file that cannot be what it says is refused before memory is taken for it."""

import json

import pytest
import torch
from safetensors.torch import save_file

from flowcolor import models
from flowcolor.errors import InputError
from flowcolor.models import SketchColorFlow, Tint
from flowcolor.models.checkpoint import export_weights, load_model, read_checkpoint, read_weights
from tests.training.helpers import flowcolor


@pytest.fixture(scope="module")
def model():
    return SketchColorFlow(downsamplings=1, nccbs=1, ccbs=2)


@pytest.mark.parametrize(
    "change",
    [
        {"downsamplings": 7},
        {"downsamplings": 65536},
        {"ccbs": 60000},
        {"nccbs": 60000},
        {"ccbs": 2000},
        {"downsamplings": 3},
        {"downsamplings": 1.5},
        {"ccbs": -1},
    ],
)
def test_a_description_of_a_larger_model_is_refused(model, change, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    description = {"model": "SketchColorFlow", "config": model.config | change, "size": 8}
    save_file(model.state_dict(), path, metadata={"flowcolor": json.dumps(description)})
    built = []
    monkeypatch.setattr(SketchColorFlow, "__init__", lambda self, **_: built.append(self))
    with pytest.raises(InputError, match=r"model\.safetensors does not describe a SketchColorFlow"):
        load_model(path)
    assert not built


@pytest.mark.parametrize("kind", [{}, {"ccbs": 5, "aggregation": "none"}, {"nccbs": 0}])
def test_descriptions_of_models_that_exist_pass(kind, tmp_path):
    model = SketchColorFlow(**{"downsamplings": 2, "nccbs": 1, "ccbs": 1, **kind})
    export_weights(model, tmp_path / "model.safetensors", 16)
    assert load_model(tmp_path / "model.safetensors").config == model.config
    export_weights(Tint(), tmp_path / "tint.safetensors", 16)
    assert isinstance(load_model(tmp_path / "tint.safetensors"), Tint)


def test_a_model_that_no_memory_holds_is_refused(capsys, tmp_path):
    with pytest.raises(ValueError, match="up to 4 billion parameters, got 9"):
        SketchColorFlow(downsamplings=9)
    words = ["fit", "--config", "quickstart", "--trainer.default_root_dir", tmp_path]
    assert flowcolor(*words, "--model.colorizer.init_args.downsamplings", "9") == 2
    assert "up to 4 billion parameters, got 9" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["zeros", "none"])
def test_weights_that_are_none_are_refused(model, count, tmp_path):
    path = tmp_path / "model.safetensors"
    change = {"zeros": torch.zeros_like, "none": lambda value: value[..., :0]}[count]
    state = {name: change(value) for name, value in model.state_dict().items() if value.ndim}
    state |= {name: value for name, value in model.state_dict().items() if not value.ndim}
    description = {"model": "SketchColorFlow", "config": model.config, "size": 8}
    save_file(state, path, metadata={"flowcolor": json.dumps(description)})
    with pytest.raises(InputError, match=r"nothing but zeros|another size|does not describe"):
        read_weights(path).build()
    with pytest.raises(InputError, match=r"nothing but zeros|another size"):
        read_weights(path).fill(model)


@pytest.mark.parametrize("command", ["validate", "test", "predict", "fit"])
def test_a_training_of_zeros_is_one_sentence(run, command, tmp_path, capsys):
    checkpoint = torch.load(run.last, weights_only=True)
    for value in checkpoint["state_dict"].values():
        value.zero_()
    torch.save(checkpoint, path := tmp_path / "last.ckpt")
    assert flowcolor(command, "--config", run.config, "--ckpt_path", path) == 2
    expected = f"flowcolor: {path} expects trained weights, got nothing but zeros.\n"
    assert capsys.readouterr().err == expected


GROUP = {"lr": 0.1, "params": [0]}


@pytest.mark.parametrize("command", ["fit", "validate", "test"])
def test_a_checkpoint_that_no_training_saved_is_one_sentence(run, command, tmp_path, capsys):
    checkpoint = torch.load(run.last, weights_only=True)
    del checkpoint["pytorch-lightning_version"]
    torch.save(checkpoint, path := tmp_path / "last.ckpt")
    assert load_model(path).config
    assert flowcolor(command, "--ckpt_path", path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"flowcolor: {path} expects what a training saves, with 'pytorch-")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer_states": "abc"},
        {"optimizer_states": [3]},
        {"optimizer_states": [{}]},
        {"optimizer_states": [{"state": {}, "param_groups": [{"params": [0]}]}]},
        {"optimizer_states": [{"state": {}, "param_groups": [GROUP | {"lr": "a"}]}]},
        {"optimizer_states": [{"state": {0: 1}, "param_groups": [GROUP]}]},
        {
            "optimizer_states": [
                {"state": {0: {"exp_avg": torch.tensor([torch.nan])}}, "param_groups": [GROUP]}
            ]
        },
        {"lr_schedulers": [1]},
        {"lr_schedulers": {}},
        {"epoch": "1"},
        {"global_step": None},
        {"loops": []},
        {"callbacks": 1},
        {"pytorch-lightning_version": "newest"},
        {"pytorch-lightning_version": 2},
        {
            "optimizer_states": [
                {"state": {0: {"exp_avg": torch.ones(2).to("meta")}}, "param_groups": [GROUP]}
            ]
        },
    ],
)
def test_a_training_of_other_types_is_one_sentence(run, change, tmp_path, capsys):
    checkpoint = torch.load(run.last, weights_only=True)
    read_checkpoint(run.last)
    torch.save(checkpoint | change, tmp_path / "last.ckpt")
    words = ["fit", "--config", run.config, "--ckpt_path", tmp_path / "last.ckpt"]
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path / "runs") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"under {next(iter(change))!r}, got " in line
    assert line.endswith("it is damaged.")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("name", "config"), [("Pix2Pix", {"width": 256}), ("IUNet", {"channels": [4096] * 4})]
)
def test_memory_is_not_taken_for_a_model_of_another_size(name, config, tmp_path, monkeypatch):
    kind = getattr(models, name)
    build = kind.__init__

    def small(self, **options):
        assert torch.empty(0).is_meta, "built in earnest"
        build(self, **options)

    monkeypatch.setattr(kind, "__init__", small)
    path = tmp_path / "model.safetensors"
    description = {"model": name, "config": config, "size": 8}
    save_file({"a": torch.ones(9)}, path, metadata={"flowcolor": json.dumps(description)})
    with pytest.raises(InputError, match=rf"a {name} of its own size: 9 numbers are too few for"):
        read_weights(path).build()
