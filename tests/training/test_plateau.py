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
    # The second validation and the third cannot be better by ten times.
    assert checkpoint["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(1e-5)


WATCHED = "{class_path: lightning.pytorch.cli.ReduceLROnPlateau, init_args: {monitor: %s, %s}}"


@pytest.fixture(scope="module")
def whole(run, tmp_path_factory):
    """Return the checkpoint of three epochs."""
    return trained(run, tmp_path_factory.mktemp("whole"))


def trained(run, root, *stop, resume=None, more=()):
    # No number is ever good enough: the rate falls after every epoch but the first.
    plateau = WATCHED % ("val/psnr", "patience: 0, threshold: 100.0")
    words = ("--model.scheduler", plateau, "--trainer.max_epochs", 3)
    words = ("--config", run.config, "--trainer.default_root_dir", root, *words, *more)
    if stop:
        assert flowcolor("fit", *words, *stop) == 0
        resume = root / "version_0/checkpoints/last.ckpt"
    if resume:
        words = (*words, "--ckpt_path", resume)
    assert flowcolor("fit", *words) == 0
    return read_checkpoint(root / "version_0/checkpoints/last.ckpt")


# Inside the first epoch, at the end of the first and of the second, and before its validation.
@pytest.mark.parametrize(
    "stop",
    [
        ("--trainer.max_steps", 1),
        ("--trainer.max_epochs", 1),
        ("--trainer.max_steps", 4),
        ("--trainer.max_steps", 4, "--last.every_n_train_steps", 1),
    ],
)
def test_a_resumed_run_lowers_the_rate_when_one_in_one_go_does(run, whole, tmp_path, stop):
    resumed = trained(run, tmp_path, *stop)
    assert whole["lr_schedulers"] == resumed["lr_schedulers"]
    assert whole["lr_schedulers"][0]["_last_lr"] == pytest.approx([1e-3 / 100])
    for name, value in whole["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


def test_a_run_that_is_resumed_from_its_best_weights_lowers_the_rate_too(run, whole, tmp_path):
    """They are written while an epoch is validated, before its number has been looked at."""
    best = tmp_path / "version_0/checkpoints/best.ckpt"
    trained(run, tmp_path, more=("--best.save_on_train_epoch_end", "false"))
    assert read_checkpoint(best)["global_step"] < 6  # Not of the last epoch.
    resumed = trained(run, tmp_path, resume=best)
    assert whole["lr_schedulers"] == resumed["lr_schedulers"]
    for name, value in whole["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


@pytest.mark.parametrize("two", [False, True], ids=["one optimizer", "two"])
def test_a_number_of_an_earlier_validation_is_not_looked_at_again(run, tmp_path, two):
    """Validated after the second of three epochs, a plateau is looked for once."""
    words = ("--model.scheduler", WATCHED % ("val/psnr", "patience: 5"))
    words += ("--trainer.max_epochs", 3, "--trainer.check_val_every_n_epoch", 2)
    if two:
        inner = "{class_path: flowcolor.losses.ColorizationLoss, init_args: {perceptual: 0}}"
        paired = f"class_path: flowcolor.training.objectives.Paired, init_args: {{loss: {inner}}}"
        critic = "class_path: flowcolor.models.PatchCritic, init_args: {width: 4, layers: 1}"
        game = f"objective: {{{paired}}}, critic: {{{critic}}}"
        adversarial = "class_path: flowcolor.training.objectives.Adversarial"
        words += ("--model.objective", f"{{{adversarial}, init_args: {{{game}}}}}")
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *root, *words) == 0
    after = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")
    assert all(state["best"] > 0 for state in after["lr_schedulers"])
    assert [state["last_epoch"] for state in after["lr_schedulers"]] == [1] * (1 + two)
