"""By which number, and in which direction, a training knows its best weights."""

import pytest

from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        ((), "max"),
        (("--best.monitor=train/loss",), "min"),
        (("--best.monitor=val/psnr",), "max"),
        (("--best.monitor=train/loss", "--best.mode=max"), "max"),
        (("--best.monitor=mine", "--best.mode=min"), "min"),
        (("--best.monitor=null",), "max"),
    ],
)
def test_the_best_is_the_lowest_of_what_should_fall(words, mode, tmp_path):
    root = f"--trainer.default_root_dir={tmp_path}"
    with quiet():
        cli = TrainingCLI(["fit", "--config", "quickstart", root, *words], run=False)
    assert cli.trainer.checkpoint_callbacks[0].mode == mode
