"""Grey photographs as content: their luma, no line scores, and never beside drawings."""

import json

import pytest
import torch

from flowcolor.data import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.evaluation.compare import write_comparison
from tests.training.helpers import SIZE, flowcolor


@pytest.fixture(scope="module")
def tested(run, tmp_path_factory):
    """Tests of the tint on drawings and on grey photographs."""
    base = tmp_path_factory.mktemp("gray")
    words = ("test", "--config", "models/tint", "--data.train", run.photos, "--data.held_out=3")
    words += (f"--data.size={SIZE}", "--trainer.accelerator=cpu", "--pictures.extremes=0")
    for content in ("drawing", "gray"):
        out = (f"--data.content={content}", "--trainer.default_root_dir", base / content)
        assert flowcolor(*words, *out) == 0
    return base


@pytest.mark.parametrize("training", [True, False])
def test_content_is_the_luma_of_the_truth(run, training):
    data = ColorizationDataModule(str(run.photos), SIZE, 3, held_out=3, content="gray")
    loaders = [data.train_dataloader()] if training else data.val_dataloader()
    for loader in loaders:
        batch = data.complete(next(iter(loader)), training)
        weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
        for key, photo in (("content", "truth"), ("reference_content", "reference")):
            if key in batch:
                luma = (weights * batch[photo]).sum(1, keepdim=True)
                torch.testing.assert_close(
                    batch[key], luma.expand(-1, 3, -1, -1), rtol=0, atol=1e-3
                )


def test_lines_are_scored_of_drawings_only(tested):
    drawing, gray = (
        json.loads((tested / name / "test/test.json").read_text()) for name in ("drawing", "gray")
    )
    assert (drawing["about"]["content"], gray["about"]["content"]) == ("drawing", "gray")
    lines = {"lines", "lines_control", "lines_follow_sketch"}
    for setting in ("self", "cross"):
        assert lines <= drawing["summary"][setting].keys()
        assert not lines & gray["summary"][setting].keys()
        assert "luminance" in gray["summary"][setting].keys() - drawing["summary"][setting].keys()
        assert {"ssim", "psnr", "colors"} <= gray["summary"][setting].keys()


def test_drawings_and_grey_photographs_are_not_compared(tested, tmp_path):
    files = (tested / name / "test/test.json" for name in ("drawing", "gray"))
    with pytest.raises(InputError, match=r"one kind of content, got drawing and gray: "):
        write_comparison(*files, tmp_path / "comparison.json")


def test_a_method_that_colours_drawings_refuses_grey_photographs(run, tmp_path, capsys):
    out = ("--data.content=gray", "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", "--config", run.config, *out) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "SketchColorFlow expects data.content to be drawing, got gray." in last
    assert not list((tmp_path / "runs").glob("*"))


def test_other_contents_do_not_exist():
    with pytest.raises(InputError, match=r"data.content expects .* got 'colour'"):
        ColorizationDataModule(content="colour")
