"""Precisions: those that keep the inverse work in every command, the others are refused."""

import json

import pytest
import torch

from flowcolor.models.checkpoint import read_checkpoint, read_weights
from tests.training.helpers import flowcolor, write_photos


def test_float64_trains_validates_tests_and_predicts(run, tmp_path):
    double = ("--trainer.precision", "64-true")
    root = ("--trainer.default_root_dir", tmp_path / "fit")
    assert flowcolor("fit", "--config", run.config, *root, *double) == 0
    last = tmp_path / "fit/version_0/checkpoints/last.ckpt"
    state = read_checkpoint(last)["state_dict"]
    assert {str(value.dtype) for value in state.values() if value.is_floating_point()} == {
        "torch.float64"
    }
    assert flowcolor("validate", "--ckpt_path", last, *double) == 0
    out = ("--trainer.default_root_dir", tmp_path / "test")
    assert flowcolor("test", "--ckpt_path", run.last, *out, *double) == 0
    single = ("--trainer.default_root_dir", tmp_path / "single")
    assert flowcolor("test", "--ckpt_path", run.last, *single) == 0
    reports = [json.loads((tmp_path / n / "test.json").read_text()) for n in ("test", "single")]
    a, b = (report["summary"]["self"]["ssim"] for report in reports)
    assert a == pytest.approx(b, abs=1e-4)
    drawings = write_photos(tmp_path / "drawings", 2)
    words = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    out = ("--trainer.default_root_dir", tmp_path / "predict")
    assert flowcolor("predict", "--ckpt_path", last, *words, *out, *double) == 0
    assert len(list((tmp_path / "predict").glob("*.png"))) == 2


@pytest.mark.parametrize(
    ("asked", "instead"), [("16-true", "16-mixed"), ("bf16-true", "bf16-mixed")]
)
def test_weights_of_16_bits_are_refused_with_what_to_take_instead(
    asked, instead, run, tmp_path, capsys
):
    words = ("--trainer.default_root_dir", tmp_path / "runs", "--trainer.precision", asked)
    assert flowcolor("fit", "--config", run.config, *words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"expects {instead} instead of {asked}" in error
    assert not (tmp_path / "runs").exists()


def test_weights_of_16_bits_by_a_plugin_are_refused_as_well(run, tmp_path, capsys):
    half = {"class_path": "lightning.pytorch.plugins.precision.HalfPrecision"}
    plugins = json.dumps([half | {"init_args": {"precision": "bf16-true"}}])
    words = ("--trainer.default_root_dir", tmp_path / "runs", "--trainer.plugins", plugins)
    assert flowcolor("fit", "--config", run.config, *words) == 2
    assert "expects bf16-mixed instead of bf16-true" in capsys.readouterr().err
    assert not list(tmp_path.rglob("version_*"))


@pytest.mark.parametrize(
    "average",
    [
        "--model.average=null",
        "--model.average=0.2",
        "--trainer.callbacks+=lightning.pytorch.callbacks.EMAWeightAveraging",
    ],
)
def test_float64_resumes_as_if_it_had_not_stopped(average, run, tmp_path):
    """Read into 32 bits first, the weights of the checkpoint would be rounded."""
    words = ("--trainer.precision", "64-true", average, "--config", run.config)
    ends = []
    for name, stops in (("whole", (2,)), ("parts", (1, 2))):
        root = tmp_path / name
        for stop, resume in zip(stops, ((), ("--ckpt_path", "last")), strict=False):
            length = ("--trainer.max_epochs", stop, *resume)
            assert flowcolor("fit", *words, "--trainer.default_root_dir", root, *length) == 0
        ends.append(read_checkpoint(root / "version_0/checkpoints/last.ckpt"))
    whole, resumed = ends
    assert whole["global_step"] == resumed["global_step"] == 4
    for key in whole.keys() & {"state_dict", "current_model_state"}:
        for name, value in whole[key].items():
            assert torch.equal(value, resumed[key][name]), (key, name)
            assert not value.is_floating_point() or value.dtype == torch.float64, (key, name)


def test_a_stochastic_average_of_float64_is_none_of_rounded_weights(run, tmp_path):
    average = {
        "class_path": "lightning.pytorch.callbacks.StochasticWeightAveraging",
        "init_args": {"swa_lrs": 1e-3, "swa_epoch_start": 1},
    }
    words = ("--trainer.precision", "64-true", "--trainer.callbacks", json.dumps([average]))
    folder = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *words, *folder, "--trainer.max_epochs=3") == 0
    found = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")
    weights = found["callbacks"]["StochasticWeightAveraging"]["average_model_state"]
    kinds = {value.dtype for value in weights.values() if value.is_floating_point()}
    assert kinds == {torch.float64}
    exported = read_weights(tmp_path / "version_0/model.safetensors").state
    for name, value in exported.items():  # Not the best weights: the average is what was asked for.
        assert not value.is_floating_point() or torch.equal(value, weights[f"colorizer.{name}"])
