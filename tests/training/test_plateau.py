"""A schedule that waits for a plateau follows the right number in the right direction."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.cli import ReduceLROnPlateau as Watching
from torch.optim.lr_scheduler import ReduceLROnPlateau

from flowcolor.errors import InputError
from flowcolor.models.checkpoint import read_checkpoint
from flowcolor.training.plateau import plateau_schedule
from tests.training.helpers import flowcolor


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def trainer(validation=1.0, every=1):
    return SimpleNamespace(
        limit_val_batches=validation, check_val_every_n_epoch=every, num_sanity_val_steps=0
    )


@pytest.mark.parametrize(
    ("monitor", "rates"),
    [("val/psnr", (1.0, 0.1)), ("train/loss", (0.1, 1.0)), ("val/roundtrip_real", (0.1, 1.0))],
)
def test_the_rate_falls_when_the_number_gets_worse_and_not_when_it_gets_better(monitor, rates):
    for numbers, rate in zip(((1, 2, 3), (3, 2, 1)), rates, strict=True):
        scheduler = Watching(optimizer(), monitor, patience=1)
        schedule = plateau_schedule(scheduler, "epoch", trainer())
        assert schedule["monitor"] == monitor
        for number in numbers:
            schedule["scheduler"].step(number)
        assert schedule["scheduler"].get_last_lr() == pytest.approx([rate])


def test_without_a_monitor_it_watches_the_ssim_of_each_validation():
    schedule = plateau_schedule(ReduceLROnPlateau(optimizer()), "epoch", trainer(every=10))
    assert schedule["monitor"] == "val/ssim"
    assert schedule["frequency"] == 10
    assert schedule["scheduler"].mode == "max"


def test_a_number_of_the_user_keeps_the_direction_of_the_user():
    scheduler = Watching(optimizer(), "mine", mode="max")
    assert plateau_schedule(scheduler, "epoch", trainer())["scheduler"].mode == "max"


def test_what_cannot_be_watched_is_refused():
    scheduler = ReduceLROnPlateau(optimizer())
    with pytest.raises(InputError, match=r"model.interval expects epoch"):
        plateau_schedule(scheduler, "step", trainer())
    with pytest.raises(InputError, match="limit_val_batches"):
        plateau_schedule(scheduler, "epoch", trainer(validation=0))


def test_a_training_lowers_its_rate_by_the_option_of_the_command_line(run, tmp_path):
    words = ["--model.scheduler", "lightning.pytorch.cli.ReduceLROnPlateau"]
    words += ["--model.scheduler.monitor", "val/ssim", "--model.scheduler.patience", "0"]
    words += ["--model.scheduler.threshold", "10.0", "--trainer.max_epochs", "3"]
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *root, *words) == 0
    checkpoint = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")
    # The second validation cannot be better by ten times.
    assert checkpoint["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(1e-4)
