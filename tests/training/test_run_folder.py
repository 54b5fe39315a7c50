"""Every run has a folder of its own, and all its processes know it."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from lightning.pytorch.utilities import rank_zero_only

from flowcolor.data import ColorizationDataModule
from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, held
from flowcolor.training import run_folder
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from flowcolor.training.run_folder import SharedFolder, new_version
from flowcolor.training.task import Task
from tests.training.helpers import flowcolor


@pytest.fixture
def holds():
    with ExitStack() as stack:
        yield stack


def test_runs_that_start_at_one_moment_share_no_folder(tmp_path, monkeypatch, holds):
    """Every start sees the folder as it was before the others: the moment that used to be lost."""
    seen = list(tmp_path.glob("version_*"))
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(seen))
    folders = [new_version(tmp_path, holds) for _ in range(3)]
    assert folders == [tmp_path / f"version_{number}" for number in range(3)]
    assert all(folder.is_dir() for folder in folders)


def test_a_version_is_above_all_others(tmp_path, holds):
    for name in ("version_3", "version_x", "version_1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").touch()
    (tmp_path / "version_4").touch()
    assert new_version(tmp_path, holds) == tmp_path / "version_5"


@pytest.mark.parametrize("left", [(), (LOCK,), (LOCK, ".0123456789abcdef.partial")])
def test_a_version_in_which_a_killed_run_has_written_nothing_is_taken_again(left, tmp_path, holds):
    (tmp_path / "version_1").mkdir()
    for name in left:
        (tmp_path / "version_1" / name).touch()
    used = tmp_path / "version_0"
    (used / "checkpoints").mkdir(parents=True)
    for name in ("config.yaml", LOCK, "checkpoints/.0123456789abcdef.partial"):
        (used / name).touch()
    assert new_version(tmp_path, holds) == tmp_path / "version_1"
    assert sorted(path.name for path in used.rglob("*")) == ["checkpoints", "config.yaml"]
    assert [path.name for path in (tmp_path / "version_1").iterdir()] == [LOCK]
    holds.close()
    assert not list((tmp_path / "version_1").iterdir())


def test_a_version_that_a_run_has_only_just_begun_is_left_to_it(tmp_path, holds, monkeypatch):
    (tmp_path / "version_0").mkdir()
    with held(tmp_path / "version_0") as locked:
        assert locked
        assert new_version(tmp_path, holds) == tmp_path / "version_1"
        assert (tmp_path / "version_0" / LOCK).is_file()
    (tmp_path / "version_2").mkdir()
    # Where the system knows no locks, any run may have it.
    monkeypatch.setattr("flowcolor.io.alone.lock", lambda _: False)
    assert new_version(tmp_path, holds) == tmp_path / "version_3"


def test_a_place_where_no_folder_can_be_made_is_named(tmp_path, holds):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"below .*file cannot be written"):
        new_version(tmp_path / "file", holds)


def test_only_the_first_process_makes_a_folder(run, tmp_path, monkeypatch):
    words = ["fit", "--config", str(run.config), f"--trainer.default_root_dir={tmp_path}"]
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    with quiet():
        TrainingCLI([*words, "--trainer.devices=2"], run=False)
    assert list(tmp_path.iterdir()) == []


def test_another_process_is_told_the_folder(tmp_path):
    told = []
    logger = SimpleNamespace(_root_dir="?", _name="?")
    strategy = SimpleNamespace(broadcast=lambda _: str(tmp_path / "version_7"))
    trainer = SimpleNamespace(strategy=strategy, loggers=[logger], _default_root_dir="?")
    SharedFolder(tmp_path / "version_0", told.append).setup(trainer, None, "fit")
    assert told == [tmp_path / "version_7"]
    assert trainer._default_root_dir == str(tmp_path / "version_7")
    assert (logger._root_dir, logger._name) == (str(tmp_path), "version_7")


@pytest.mark.parametrize("command", ["fit", "test", "predict"])
def test_a_run_that_still_runs_is_written_by_nobody_else(
    command, run, tmp_path, monkeypatch, capsys
):
    root = ("--trainer.default_root_dir", tmp_path)
    words = [command, *root, "--ckpt_path", run.last]
    if command == "fit":
        assert flowcolor("fit", "--config", run.config, *root, "--trainer.max_steps", 2) == 0
        words = ["fit", "--config", run.config, *root, "--ckpt_path", "last"]
    elif command == "predict":
        words += [f"--data.predict.{name}={run.photos}" for name in ("sketches", "photos")]
    batch, meanwhile = ColorizationDataModule.transfer_batch_to_device, []

    def start_another(self, *options):
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(flowcolor(*words))
        return batch(self, *options)

    monkeypatch.setattr(ColorizationDataModule, "transfer_batch_to_device", start_another)
    assert flowcolor(*words) == 0
    assert meanwhile == [None, 2]
    assert f"flowcolor: Another `flowcolor {command}` is writing to" in capsys.readouterr().err
    assert not list(tmp_path.rglob(".lock"))


@pytest.mark.parametrize("command", ["fit", "test"])
def test_parts_of_files_that_killed_processes_have_left_are_removed(command, run, tmp_path):
    places = {"fit": ("", "checkpoints"), "test": ("", "images/self/result")}[command]
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    last = folder / "checkpoints/last.ckpt"
    last.write_bytes(run.last.read_bytes())
    parts = [folder / place / f".{index:016x}.partial" for index, place in enumerate(places)]
    of_another = folder / "predict/.0123456789abcdef.partial"  # Which may be writing.
    for part in (*parts, of_another):
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    config = ("--config", run.config, "--trainer.max_epochs", 3)
    root = ("--trainer.default_root_dir", folder)
    words = (command, "--ckpt_path", last, *(config if command == "fit" else root))
    assert flowcolor(*words) == 0
    assert [part.exists() for part in parts] == [False, False]
    assert of_another.exists()


def test_a_run_that_is_ended_before_its_first_batch_leaves_nothing(run, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    words = ("fit", "--config", run.config, "--trainer.default_root_dir", tmp_path)
    for place in ("on_fit_start", "on_train_start"):
        with monkeypatch.context() as patch:
            patch.setattr(Task, place, interrupt)
            assert flowcolor(*words) == 130
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["fit", "predict"])
def test_a_run_that_is_ended_before_it_is_built_leaves_nothing(command, run, tmp_path, monkeypatch):
    def interrupt(_):
        assert list((tmp_path / "new").iterdir())
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingCLI, "instantiate_classes", interrupt)
    given = {"fit": ("--config", run.config), "predict": ("--ckpt_path", run.last)}[command]
    folder = {"fit": tmp_path / "new", "predict": tmp_path / "new/predict"}[command]
    assert flowcolor(command, *given, "--trainer.default_root_dir", folder) == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["fit", "test"])
def test_a_run_that_cannot_say_where_it_writes_leaves_nothing(command, run, tmp_path, monkeypatch):
    def fail(text):
        assert list(tmp_path.iterdir())
        raise InputError("Standard output cannot be written: it is full.")

    monkeypatch.setattr("flowcolor.training.lightning_cli.say", fail)
    given = {"fit": ("--config", run.config), "test": ("--ckpt_path", run.last)}[command]
    assert flowcolor(command, *given, "--trainer.default_root_dir", tmp_path / "new") == 2
    assert not list(tmp_path.iterdir())


def test_two_processes_leave_one_folder(run, tmp_path):
    (tmp_path / "version_0").mkdir()
    (tmp_path / "version_0/config.yaml").touch()
    words = ["fit", "--config", run.config, f"--trainer.default_root_dir={tmp_path}"]
    words += ["--trainer.strategy=ddp", "--trainer.devices=2", "--trainer.max_steps=1"]
    command = [sys.executable, "-m", "flowcolor", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["version_0", "version_1"]
    assert [path.name for path in (tmp_path / "version_0").iterdir()] == ["config.yaml"]
    assert (tmp_path / "version_1" / "model.safetensors").is_file()
    assert len(list((tmp_path / "version_1").glob("events*"))) == 1


def test_the_quickstart_draws_once(monkeypatch):
    assert run_folder.is_first_process()
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    assert not run_folder.is_first_process()


def test_a_logger_of_the_users_leaves_no_empty_folder(run, tmp_path, capsys):
    root, mine = tmp_path / "runs", tmp_path / "mine"
    logger = ("--trainer.logger=CSVLogger", f"--trainer.logger.save_dir={mine}")
    words = ("--config", run.config, "--trainer.default_root_dir", root, "--trainer.max_epochs=1")
    assert flowcolor("fit", *words, *logger) == 0
    folder = mine / "lightning_logs/version_0"
    assert f"writing to {folder}\n" in capsys.readouterr().out
    assert (folder / "checkpoints/last.ckpt").is_file()
    assert not root.exists()


@pytest.mark.parametrize("command", ["fit", "validate"])
def test_one_process_that_is_not_the_first_is_refused(command, run, tmp_path, monkeypatch, capsys):
    """The rank of another launcher was left in the environment: it wrote into the first run."""
    (tmp_path / "version_0").mkdir()
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    given = {"fit": ("--config", run.config), "validate": ("--ckpt_path", run.last)}[command]
    assert flowcolor(command, *given, "--trainer.default_root_dir", tmp_path) == 2
    assert "expects several processes where the environment" in capsys.readouterr().err
    assert [*tmp_path.rglob("*")] == [tmp_path / "version_0"]


def test_the_logger_that_true_asks_for_writes_into_the_folder_of_a_training(run, tmp_path):
    words = ("--config", str(run.config), "--trainer.logger=true")
    with quiet():
        root = f"--trainer.default_root_dir={tmp_path / 'root'}"
        cli = TrainingCLI(["fit", *words, root], run=False)
    assert [Path(logger.log_dir) for logger in cli.trainer.loggers] == [cli.folder]
