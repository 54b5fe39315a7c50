"""Precisions: those that keep the inverse work in every command, the others are refused."""

import json

import pytest

from flowcolor.models.checkpoint import read_checkpoint
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
