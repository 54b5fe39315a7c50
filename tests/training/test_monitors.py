"""A number that a training waits for exists, or is refused before the first epoch is over."""

import re

import pytest
from lightning import Callback

from flowcolor.models.checkpoint import read_checkpoint
from tests.training.helpers import flowcolor

PLATEAU = "{class_path: lightning.pytorch.cli.ReduceLROnPlateau, init_args: {monitor: %s}}"
EARLY = (
    "--trainer.callbacks+=lightning.pytorch.callbacks.EarlyStopping",
    "--trainer.callbacks.monitor",
)
UNSEEN = ("--trainer.limit_val_batches", 0)
VALIDATED = "val/cross_color_distance, val/cross_lines, .*, val/ssim, got"
WRONG = [
    (("--best.monitor", "val/psnrr"), rf"ModelCheckpoint .* {VALIDATED} val/psnrr; did you mean"),
    (("--last.monitor", "val/mine"), rf"ModelCheckpoint .* {VALIDATED} val/mine"),
    (("--best.monitor", "ssim"), rf"ModelCheckpoint .* {VALIDATED} ssim"),
    ((*EARLY, "val/mine"), rf"EarlyStopping .* {VALIDATED} val/mine"),
    (("--model.scheduler", PLATEAU % "val/mine"), rf"ReduceLROnPlateau .* {VALIDATED} val/mine"),
    (("--best.filename", "{epoch}-{mine:.2f}"), "The filename .* one of epoch, step, .*, got mine"),
    (("--last.filename", "{val/sim:.2f}"), "The filename .*, got val/sim; did you mean 'val/ssim'"),
    (("--last.filename", "{train/los}"), "The filename .*, got train/los; did you mean 'train/l"),
    (("--last.filename", "{epoch.real}"), "The filename .*, got epoch.real"),
    ((*UNSEEN, "--last.filename", "{val/ssim}"), "The filename .* waits for val/ssim, but trainer"),
    ((*UNSEEN, "--last.filename", "{mine}"), "The filename .*, got mine"),
    (
        (*UNSEEN, *EARLY, "val/ssim"),
        "EarlyStopping waits for val/ssim, but trainer.limit_val_batch",
    ),
    (("--best.monitor", "train/mine"), "ModelCheckpoint .* of train/l1, train/loss, got train/m"),
    (("--model.scheduler", PLATEAU % "train/mine"), "ReduceLROnPlateau .* train/loss, got train/m"),
]


@pytest.mark.parametrize(("words", "expected"), WRONG)
def test_a_name_that_nothing_logs_is_refused_before_an_epoch_is_trained(
    words, expected, run, tmp_path, capsys
):
    root = ("--trainer.default_root_dir", tmp_path)
    always = ("--pictures.every_n_steps", 1)
    assert flowcolor("fit", "--config", run.config, *root, *always, *words) == 2
    captured = capsys.readouterr()
    (sentence,) = [line for line in captured.err.splitlines() if line.startswith("flowcolor: ")]
    assert re.match(f"flowcolor: {expected}", sentence)
    assert not list(tmp_path.iterdir())  # Pictures and logs of one batch are nothing to keep.


@pytest.mark.filterwarnings("ignore:Experiment logs directory")
def test_a_refused_name_leaves_folders_of_loggers_as_they_were(run, tmp_path):
    words = ("--trainer.default_root_dir", tmp_path, "--best.monitor", "train/mine")
    words += ("--trainer.logger=CSVLogger", "--trainer.logger.save_dir", tmp_path)
    older = tmp_path / "lightning_logs/version_0/curves.csv"
    older.parent.mkdir(parents=True)
    older.write_text("mine")
    assert flowcolor("fit", "--config", run.config, *words) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [older]
    assert [path.name for path in older.parents[1].iterdir()] == ["version_0"]
    assert flowcolor("fit", "--config", run.config, *words, "--trainer.logger.version=0") == 2
    assert older.read_text() == "mine"


@pytest.mark.parametrize("name", ["val/cross_lines", "train/roundtrip_real"])
def test_a_name_that_not_every_training_logs_can_be_monitored(name, run, tmp_path):
    words = ("--best.monitor", name, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *words) == 0
    checkpoint = read_checkpoint(tmp_path / "version_0/checkpoints/best.ckpt")
    assert any(f"'monitor': '{name}'" in key for key in checkpoint["callbacks"])


def test_a_score_of_the_objective_can_be_monitored(run, tmp_path):
    """It is logged for the first of two loaders, of which Lightning tells only at the end."""
    small = ("levels=1", "steps=1", "hidden=4")
    words = [f"--model.colorizer.init_args.{word}" for word in small]
    words += [
        "--data.train",
        run.photos,
        "--data.size=16",
        "--data.batch_size=2",
        "--data.held_out=3",
    ]
    words += ["--trainer.max_epochs=1", "--trainer.default_root_dir", tmp_path]
    assert flowcolor("fit", "--config", "models/glow-small", *words) == 0
    checkpoint = read_checkpoint(tmp_path / "version_0/checkpoints/best.ckpt")
    assert any("'monitor': 'val/bits_photo'" in key for key in checkpoint["callbacks"])


@pytest.mark.parametrize("monitor", ["step", "epoch"])
def test_the_newest_checkpoints_can_be_kept(monitor, run, tmp_path):
    newest = ("--last.monitor", monitor, "--last.mode", "max", "--last.save_top_k", 1)
    words = ("--trainer.default_root_dir", tmp_path, "--last.filename", f"{{{monitor}}}")
    assert flowcolor("fit", "--config", run.config, *words, *newest) == 0
    assert len(list(tmp_path.rglob("checkpoints/[0-9].ckpt"))) == 1


def test_a_training_within_its_first_epoch_keeps_its_weights_where_it_might_end_early(
    run, tmp_path
):
    words = ("--trainer.max_steps", 1, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *EARLY, "val/ssim", *words) == 0
    assert (tmp_path / "version_0/checkpoints/last.ckpt").is_file()


def test_a_resumed_training_counts_each_validation_once(run, tmp_path):
    words = (*EARLY, "val/ssim", "--trainer.callbacks.min_delta", 100)
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path, *words)
    assert flowcolor("fit", *words, "--trainer.max_steps", 3) == 0  # Of two epochs of two.
    assert flowcolor("fit", *words, "--ckpt_path", "last") == 0
    kept = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")["callbacks"]
    (early,) = [state for name, state in kept.items() if name.startswith("EarlyStopping")]
    assert early["wait_count"] == 1  # The first was the best so far.


class Mine(Callback):
    """Logs a number of its own after the last batch of an epoch."""

    def on_train_epoch_end(self, trainer, pl_module):
        pl_module.log("mine", 1.0)


def test_a_number_of_the_users_own_can_be_monitored(run, tmp_path):
    mine = "--trainer.callbacks+=tests.training.test_monitors.Mine"
    root = ("--trainer.default_root_dir", tmp_path, "--best.save_on_train_epoch_end=true")
    words = ("--config", run.config, *root, mine, "--best.monitor", "mine")
    assert flowcolor("fit", *words) == 0
    assert (tmp_path / "version_0/checkpoints/best.ckpt").is_file()


def test_weights_are_those_of_a_training_that_looks_at_no_validation_first(run, tmp_path):
    words = ("--best.monitor", "val/cross_lines", "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", run.config, *words) == 0
    looked = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")["state_dict"]
    plain = read_checkpoint(run.last)["state_dict"]
    assert all(looked[name].equal(value) for name, value in plain.items())
