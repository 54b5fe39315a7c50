"""Methods without weights go through test and predict as any other."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from flowcolor.io.images import read_image, read_sketch
from flowcolor.models import Unchanged
from flowcolor.training.callbacks import evaluator
from flowcolor.training.callbacks.evaluator import Evaluator
from tests.training.helpers import SIZE, flowcolor


@pytest.fixture
def photographs(run):
    return ("--data.train", run.photos, f"--data.size={SIZE}", "--data.held_out=3")


@pytest.fixture
def data(photographs):
    return (*photographs, "--data.sketch_filter=flowcolor.data.SobelLines")


@pytest.mark.parametrize(("method", "answer"), [("tint", "_tint"), ("unchanged", "_sketch")])
def test_a_test_gives_them_the_scores_of_the_trivial_answers(method, answer, data, tmp_path):
    words = ("test", "--config", f"models/{method}", *data, "--trainer.accelerator=cpu")
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path) == 0
    report = json.loads((tmp_path / "test/test.json").read_text())
    assert report["about"]["parameters"] == 0
    assert report["roundtrip"] == {}
    for setting in ("self", "cross"):
        scores = report["summary"][setting]
        for name in ("ssim", "psnr"):
            assert scores[name] == pytest.approx(scores[name + answer], rel=1e-5)
    assert (tmp_path / "test/pairs-cross.png").is_file()
    scores = report["summary"]["cross"]
    assert scores["gamut"] == 0
    # Whoever ignores the reference is not asked whether he listens to it.
    assert ("sensitivity" in scores) == (method == "tint")


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_what_a_function_builds_needs_weights_as_its_class_does(command, run, capsys):
    built = ("--model.colorizer", "flowcolor.models.flowcolor_tiny")
    assert flowcolor(command, "--config", run.config, *built) == 2
    assert (
        f"flowcolor {command} expects trained weights, got neither --ckpt_path nor "
        in capsys.readouterr().err
    )


def blank() -> Unchanged:
    return Unchanged()


def test_what_a_function_of_somebody_builds_is_judged_by_what_it_says(photographs, tmp_path):
    words = ("validate", "--config", "models/unchanged", *photographs)
    own = ("--model.colorizer", "tests.training.test_untrained.blank")
    folder = ("--trainer.accelerator=cpu", "--trainer.default_root_dir", tmp_path)
    assert flowcolor(*words, *own, *folder) == 0


def test_so_many_pairs_are_painted_again_as_were_asked_for(data, tmp_path, capsys):
    words = ("test", "--config", "models/tint", *data, "--trainer.accelerator=cpu")
    folder = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor(*words, *folder, "--probes=2", "--timed=0", "--data.batch_size=2") == 0
    pairs = json.loads((tmp_path / "test/test.json").read_text())["pairs"]
    settings = [pair["setting"] for pair in pairs if "sensitivity" in pair["scores"]]
    assert settings == ["cross", "cross"]
    assert "in 2 of 3" in capsys.readouterr().out
    for number in (-1, 10**12):
        assert flowcolor(*words, *folder, f"--timed={number}") == 2
        assert (
            f"--timed expects a whole number from 0 to 10000, got {number}"
            in capsys.readouterr().err
        )
    assert flowcolor(*words, *folder, "--probes=-1") == 2
    assert "--probes expects a whole number of at least 0, got -1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("networks", "vgg19", "of type Networks, got 'vgg19'"),
        ("about", np.zeros(3), "of type dict, got "),
        ("roundtrip", 3, "of type RoundTripMonitor, got 3"),
    ],
)
def test_what_an_evaluation_cannot_be_made_of_is_refused(name, value, expected):
    with pytest.raises(ValueError, match=f"^Evaluator expects {name} to be {expected}"):
        Evaluator(**{name: value})


def test_several_processes_paint_those_pairs_again_that_one_would(monkeypatch):
    again = []

    def count(paint, batch, result, pairs, **options):
        again[-1] += min(pairs, len(result))
        return {}

    monkeypatch.setattr(evaluator, "probe_scores", count)
    task = SimpleNamespace(colorizer=Unchanged())
    for rank in range(3):
        trainer, own = SimpleNamespace(global_rank=rank, world_size=3), Evaluator(probes=5)
        again.append(0)
        for size in (1, 2):
            own._probe(trainer, task, {}, torch.rand(size, 3, 8, 8))
    assert again == [2, 2, 1]  # Of the pairs 0 and 3, 1 and 4, 2.


def test_predictions_are_those_of_the_formula(run, tmp_path):
    drawing, photo = run.photos / "photo0.png", run.photos / "photo1.png"
    words = ("predict", "--config", "models/tint", f"--data.size={SIZE}")
    words += ("--data.predict.sketches", drawing, "--data.predict.photos", photo)
    out = ("--trainer.accelerator=cpu", "--trainer.default_root_dir", tmp_path)
    assert flowcolor(*words, *out) == 0
    expected = read_sketch(drawing) * read_image(photo).mean((1, 2), keepdim=True)
    assert (read_image(tmp_path / "predict/photo0.png") - expected).abs().max() <= 1.1 / 255


def test_they_cannot_be_fitted(data, tmp_path, capsys):
    words = ("fit", "--config", "models/tint", *data)
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path / "runs") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "Paired expects a colorizer with weights to train, got Tint" in last
    assert not list((tmp_path / "runs").glob("*"))


def test_more_points_make_those_that_need_them_better(photographs, tmp_path):
    psnr = []
    for count in (1, 50):
        words = ("test", "--config", "models/levin", *photographs, f"--data.hints.count={count}")
        out = ("--trainer.default_root_dir", tmp_path / str(count))
        assert flowcolor(*words, "--trainer.accelerator=cpu", *out) == 0
        report = json.loads((tmp_path / str(count) / "test/test.json").read_text())
        psnr.append(report["summary"]["self"]["psnr"])
    assert psnr[1] > psnr[0]


def test_without_points_they_say_where_points_come_from(photographs, tmp_path, capsys):
    words = ("test", "--config", "models/levin", *photographs, "--data.hints=null")
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "Levin expects colours at points: give data.hints, which takes them from " in last


def test_a_prediction_has_no_truth_to_take_points_from(run, tmp_path, capsys):
    pairs = [f"--data.predict.{name}={run.photos}" for name in ("sketches", "photos")]
    words = ("predict", "--config", "models/levin", *pairs, f"--data.size={SIZE}")
    assert flowcolor(*words, "--trainer.default_root_dir", tmp_path / "out") == 2
    last = capsys.readouterr().err.splitlines()[-1]
    expected = "Levin expects colours at points: give files to flowcolor colorize --hints."
    assert last == f"flowcolor: {expected}"
    assert not (tmp_path / "out").exists()
