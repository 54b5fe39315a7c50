"""By which number, and in which direction, a training knows its best weights."""

import pytest

from flowcolor.errors import InputError
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


def test_a_configuration_that_says_lowest_can_be_trained_without_a_best(tmp_path):
    """As experiments do, which test the last weights."""
    words = ["fit", "--config", "models/glow-small", "--best.monitor=null"]
    with quiet():
        cli = TrainingCLI([*words, f"--trainer.default_root_dir={tmp_path}"], run=False)
    assert [each.monitor for each in cli.trainer.checkpoint_callbacks] == [None, None]


def test_the_last_of_a_number_is_the_best_by_it(tmp_path):
    words = ["fit", "--config", "quickstart", "--last.monitor=val/psnr", "--last.save_top_k=1"]
    with quiet():
        cli = TrainingCLI([*words, f"--trainer.default_root_dir={tmp_path}"], run=False)
    assert [each.mode for each in cli.trainer.checkpoint_callbacks] == ["max", "max"]
    words[3] = "--last.monitor=val/ssim"
    with (
        quiet(),
        pytest.raises(InputError, match=r"last\.monitor expects null or another .* val/ssim"),
    ):
        TrainingCLI(words, run=False)
