"""What a checkpoint names is imported only if it is flowcolor's or torch's own."""

import copy
import math
import re
import sys

import pytest
import torch
import yaml
from torch import Tensor

from flowcolor.errors import InputError
from flowcolor.models.checkpoint import KEY
from flowcolor.training.allowlist import only_allowed
from tests.training.helpers import flowcolor

OWN = {"class_path": "flowcolor.data.XDoG", "init_args": {"sigma": 1.3}}
FOREIGN = {"class_path": "own.Filter", "init_args": {"sketch_filter": "plain text"}}


def recorded(sketch_filter):
    adam = {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.1}}
    model = {"class_path": "flowcolor.models.SketchColorFlow", "init_args": {"ccbs": 2}}
    return {
        "model": {"colorizer": model, "optimizer": adam, "weights": "my.own.file"},
        "data": {"train": "some.folder", "sketch_filter": sketch_filter},
    }


def mixed(*filters):
    return {"class_path": "flowcolor.data.MixedFilter", "init_args": {"filters": list(filters)}}


@pytest.mark.parametrize("known", [None, OWN, "flowcolor.data.XDoG", mixed(OWN, OWN)])
def test_own_names_stay(known, tmp_path):
    config = recorded(known)
    assert only_allowed(config, [], [], tmp_path) == config


@pytest.mark.parametrize("form", [str, lambda path: {"class_path": path}])
def test_functions_that_build_a_model_are_own_names(form, tmp_path):
    config = recorded(None)
    config["model"]["colorizer"] = form("flowcolor.models.flowcolor_tiny")
    assert only_allowed(config, [], [], tmp_path) == config
    for other in ("flowcolor.models.coupling_block", "flowcolor.models.find_boxes.open"):
        config["model"]["colorizer"] = form(other)
        with pytest.raises(InputError, match=f"model.colorizer = {other}, which is no part"):
            only_allowed(config, [], [], tmp_path)


def test_colours_at_points_for_validation_are_own_names(tmp_path):
    config = recorded(None)
    points = {"class_path": "flowcolor.data.HintPoints", "init_args": {"count": 10}}
    config["data"]["hints"] = points
    assert only_allowed(config, [], [], tmp_path) == config
    config["data"]["hints"] = FOREIGN
    with pytest.raises(InputError, match=r"data\.hints = own\.Filter, .*: give --data\.hints"):
        only_allowed(config, [], [], tmp_path)


def test_files_of_networks_may_lie_anywhere(tmp_path):
    config = recorded(None)
    options = {"encoder": "vgg19", "vgg19": "/my/own-files/vgg19.pth"}
    config["model"]["colorizer"] = {
        "class_path": "flowcolor.models.AdaAttN",
        "init_args": options,
    }
    assert only_allowed(config, [], [], tmp_path) == config
    options["encoder"] = "/my/own-files/vgg19.pth"
    with pytest.raises(InputError, match=r"model\.colorizer = /my/own-files"):
        only_allowed(config, [], [], tmp_path)


@pytest.mark.parametrize(
    "foreign",
    [
        FOREIGN,
        "own.draw",
        mixed(OWN, FOREIGN),
        mixed(OWN, "own.draw"),
        "flowcolor.io.images.io.open",
        "flowcolor.data.datasets.celeba_files.os.system",
        {"class_path": "torch.hub.load", "init_args": {}},
    ],
)
def test_other_names_are_given_again_or_refused(foreign, tmp_path):
    config = recorded(foreign)
    with pytest.raises(InputError, match=r"data\.sketch_filter = .*: give --data\.sketch"):
        only_allowed(config, ["--data.size", "8"], [], tmp_path / "last.ckpt")
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({"data": {"sketch_filter": "flowcolor.data.XDoG"}}), "utf-8")
    rest = recorded(None)
    del rest["data"]["sketch_filter"]
    for words, files in (
        (["--data.sketch_filter", "flowcolor.data.XDoG"], []),
        (["--data.sketch_filter=own.draw"], []),
        (["--data.sketch_filter.class_path", "XDoG"], []),
        ([], [file]),
    ):
        assert only_allowed(config, words, files, tmp_path) == rest
    assert config == recorded(foreign)


def test_every_name_of_somebody_else_is_found(tmp_path):
    config = recorded("own.draw")
    config["model"]["optimizer"] = "own.adam"
    keys = ["data.sketch_filter", "model.optimizer"]
    for given, left in (keys, keys[::-1]):
        with pytest.raises(InputError, match=f"give --{left} again"):
            only_allowed(config, [f"--{given}=flowcolor.data.XDoG"], [], tmp_path)


def test_a_checkpoint_of_somebody_else_runs_nothing(run, tmp_path, capsys):
    checkpoint = torch.load(run.last, weights_only=True)
    (tmp_path / "planted.py").write_text("raise SystemExit('planted code ran')", "utf-8")
    checkpoint[KEY]["run"]["data"]["sketch_filter"] = "planted.draw"
    torch.save(checkpoint, tmp_path / "planted.ckpt")
    words = ["validate", "--ckpt_path", tmp_path / "planted.ckpt"]
    assert flowcolor(*words) == 2
    assert "sketch_filter = planted.draw" in capsys.readouterr().err
    own = "tests.training.test_allowlist.ink"
    assert flowcolor(*words, "--data.sketch_filter", own) == 0
    assert CALLS


CALLS = []


def ink(photo, size, mask=None) -> Tensor:
    CALLS.append(size)
    return torch.rand(1, *size)


def test_what_is_no_filter_is_named(run, tmp_path, capsys):
    words = ["fit", "--config", run.config, "--trainer.default_root_dir", tmp_path / "runs"]
    assert flowcolor(*words, "--data.sketch_filter", "nowhere.draw") == 2
    assert "nowhere" in capsys.readouterr().err.splitlines()[-1]
    own = "tests.training.test_allowlist.wrong"
    assert flowcolor(*words, "--data.sketch_filter", own) == 2
    assert "should return a drawing (1, 16, 16), got (3, 16, 16)" in capsys.readouterr().err


def wrong(photo, size, mask) -> Tensor:
    return torch.ones(3, *size)


PLANTED = {"class_path": "planted.Class", "init_args": {}}
WAYS = {
    "a bare word": {"data.augment": "planted.Class"},
    "a class": {"data.augment": PLANTED},
    "the model": {"model.colorizer": "planted.Class"},
    "the objective": {"model.objective": "planted.Class"},
    "the loss": {
        "model.objective": {
            "class_path": "flowcolor.training.objectives.Paired",
            "init_args": {"loss": PLANTED},
        }
    },
    "the critic's optimizer": {
        "model.objective": {
            "class_path": "flowcolor.training.objectives.Adversarial",
            "init_args": {"optimizer": PLANTED},
        }
    },
    "the optimizer": {"model.optimizer": PLANTED},
    "the scheduler": {"model.scheduler": "planted.Class"},
    "an argument": {"data.sketch_filter": mixed("planted.Class")},
    "a function": {
        "model.scheduler": {
            "class_path": "torch.optim.lr_scheduler.LambdaLR",
            "init_args": {"lr_lambda": "planted.Class"},
        }
    },
    "keywords": {"model.optimizer": {"class_path": "torch.optim.Adam", "dict_kwargs": PLANTED}},
    "folders": {"data.predict": "planted.Class"},
    "photographs": {"data.train": PLANTED},
    "a key of folders": {"data.test": {"photos": "a", "class_path": "planted.Class"}},
    "a text of YAML": {"data.augment": '{"class_path": "planted.Class"}'},
    "a plain option": {"data.background": PLANTED},
    "a list": {"data.augment": [PLANTED]},
    "an unknown key": {"data.extra": PLANTED},
    "an unknown part": {"trainer": {"callbacks": [PLANTED]}},
    "a part as text": {"data": "planted.yaml"},
    "a dotted part": {"model.colorizer!class_path": "planted.Class"},
    "a dotted argument": {
        "model.colorizer": {
            "class_path": "flowcolor.models.SketchColorFlow",
            "init_args": {"ccbs.class_path": "planted.Class"},
        }
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_naming_a_module_imports_it(way, run, tmp_path, capsys, monkeypatch):
    (tmp_path / "planted.py").write_text("class Class: ...\n", "utf-8")
    (tmp_path / "planted.yaml").write_text("augment: planted.Class", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    checkpoint = torch.load(run.last, weights_only=True)
    for key, value in WAYS[way].items():
        section, _, name = key.partition(".")
        if name:
            checkpoint[KEY]["run"][section][name.replace("!", ".")] = copy.deepcopy(value)
        else:
            checkpoint[KEY]["run"][section] = value
    torch.save(checkpoint, tmp_path / "last.ckpt")
    for command in ("fit", "validate", "test", "predict"):
        assert flowcolor(command, "--ckpt_path", tmp_path / "last.ckpt") == 2
        captured = capsys.readouterr().err
        assert "last.ckpt" in captured
        assert "Traceback" not in captured
        assert "planted" not in sys.modules


def test_a_folder_with_the_name_of_a_module_is_a_folder(run, tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("class Class: ...\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "planted.Class").symlink_to(run.photos)
    checkpoint = torch.load(run.last, weights_only=True)
    for where in ("planted.Class", ["planted.Class"], {"photos": "planted.Class"}):
        checkpoint[KEY]["run"]["data"]["train"] = where
        torch.save(checkpoint, tmp_path / "last.ckpt")
        assert flowcolor("validate", "--ckpt_path", tmp_path / "last.ckpt") == 0
        assert "planted" not in sys.modules


def test_the_description_of_every_run_is_allowed(run, tmp_path):
    recorded = torch.load(run.last, weights_only=True)[KEY]["run"]
    assert only_allowed(recorded, [], [], tmp_path) == recorded


WRONG = {
    "an option of the trainer that is not kept": ({"trainer": {"max_steps": 3}}, "that flowcolor"),
    "another type of one": ({"trainer": {"precision": "planted"}}, "another type in 'trainer.pre"),
    "no number": ({"trainer": {"gradient_clip_val": math.nan}}, "another type in 'trainer.grad"),
    "a seed that is none": ({"seed_everything": True}, "a whole number in 'seed_everything'"),
    "a seed of no size": ({"seed_everything": 10**400}, "a whole number in 'seed_everything'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_step_depends_on_is_looked_at(case, tmp_path):
    config, expected = WRONG[case]
    with pytest.raises(InputError, match=re.escape(expected)):
        only_allowed(config, [], [], tmp_path)


def test_numbers_that_no_float_holds_are_one_sentence(tmp_path):
    average = 10**400
    with pytest.raises(InputError, match=r"expects another type in 'model\.average', got"):
        only_allowed({"model": {"average": average}}, [], [], tmp_path)
    config = recorded(None)
    config["model"]["optimizer"]["init_args"]["lr"] = average
    with pytest.raises(InputError, match=r"model\.optimizer = "):
        only_allowed(config, [], [], tmp_path)


@pytest.mark.parametrize("train", ["half \ud800", ["a", "\udc80"], {"photos": "\udc80"}])
def test_names_that_no_file_can_hold_are_one_sentence(train, tmp_path):
    with pytest.raises(InputError, match=r"expects only names in UTF-8 in 'data\.train', got"):
        only_allowed({"data": {"train": train}}, [], [], tmp_path)


@pytest.mark.parametrize("size", ["abc", 1.5, [64], None, True])
def test_an_option_of_another_type_is_one_sentence(size, tmp_path):
    with pytest.raises(InputError, match=r"last\.ckpt expects another type in 'data\.size', got"):
        only_allowed({"data": {"size": size}}, [], [], tmp_path / "last.ckpt")
