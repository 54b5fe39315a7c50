"""A disk that is full in the middle of a write: one sentence, the old file, no part of a new."""

import errno
import io
import json
import os
import shutil
import threading
from itertools import count

import pytest
import torch
from tensorboard.summary.writer.record_writer import RecordWriter

from flowcolor.errors import InputError
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.report_files import read_report, write_report
from flowcolor.io.images import write_image
from flowcolor.io.whole_file import write_text, write_together
from flowcolor.models import flowcolor_tiny
from flowcolor.models.checkpoint import export_weights
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.whole_checkpoints import WholeCheckpoints
from tests.data.prepare.slow_disk import FAST, opener
from tests.training.helpers import flowcolor


def fill():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_disk(monkeypatch):
    full = opener(fill)

    def opened(file, mode="r", *arguments, **options):
        # A nameless file, by which a folder is tried, takes no space; and TensorBoard's thread
        # is not ours.
        chosen = FAST if "opener" in options or "tfevents" in str(file) else full
        return chosen(file, mode, *arguments, **options)

    monkeypatch.setattr(io, "open", opened)


WRITERS = {
    "a.txt": lambda path: write_text("new" * 100, path),
    "a.png": lambda path: write_image(torch.rand(3, 64, 64), path),
    "a.jpg": lambda path: write_image(torch.rand(3, 64, 64), path),
    "a.webp": lambda path: write_image(torch.rand(3, 64, 64), path),
    "a.ckpt": lambda path: WholeCheckpoints().save_checkpoint({"a": torch.zeros(9)}, path),
    "a.safetensors": lambda path: export_weights(flowcolor_tiny(), path, 64),
    "a.csv": lambda path: write_report(Report([], {}, {}, {}, {}), path.parent, "a"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_write_that_stops_in_the_middle_leaves_the_old_file(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_bytes(b"old")
    fill_disk(monkeypatch)
    with pytest.raises(InputError, match=rf"{name} cannot be written: No space left on device\."):
        WRITERS[name](path)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == b"old"


TOGETHER = {
    "a.json": lambda folder: write_report(Report([]), folder, "a"),
    "model.safetensors": lambda folder: flowcolor_tiny().save_pretrained(folder, size=64),
}


@pytest.mark.parametrize("second", TOGETHER)
def test_files_that_belong_together_are_all_there_or_none(second, tmp_path, monkeypatch):
    writes = count()
    monkeypatch.setattr(io, "open", opener(lambda: next(writes) and fill()))
    with pytest.raises(InputError, match=rf"{second} cannot be written: No space left"):
        TOGETHER[second](tmp_path / "new")
    assert next(writes) == 2
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("taken", ["a", "b"])
def test_of_files_that_belong_together_the_one_whose_place_is_taken_is_named(taken, tmp_path):
    (tmp_path / taken).mkdir()
    with pytest.raises(InputError, match=rf"{taken} cannot be written: Is a directory\."):
        write_together({tmp_path / "a": "1", tmp_path / "b": b"2"})
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_training_that_cannot_begin_to_write_leaves_nothing(run, tmp_path, monkeypatch, capsys):
    fill_disk(monkeypatch)
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", *words) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "config.yaml cannot be written: No space left on device" in error
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_test_keeps_its_numbers_where_its_pictures_have_no_room(
    run, tmp_path, monkeypatch, capsys
):
    def no_room(columns, path):
        raise InputError(f"{path} cannot be written: No space left on device.")

    monkeypatch.setattr("flowcolor.training.callbacks.picture_grid.write_grid", no_room)
    words = ("--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("test", *words) == 2
    said = capsys.readouterr()
    assert said.err.endswith("pairs-self.png cannot be written: No space left on device.\n")
    assert "SSIM" in said.out
    assert read_report(tmp_path / "test.json").of("self")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EIO])
@pytest.mark.parametrize("event", [2, 12])
def test_a_disk_on_which_a_log_cannot_grow_is_one_sentence(
    number, event, run, tmp_path, monkeypatch, capsys
):
    """TensorBoard's writes, in a thread of its own, name no file where the disk refuses bytes."""
    write, events = RecordWriter.write, count(1)

    def refuse(self, data):
        if next(events) >= event:
            raise OSError(number, os.strerror(number))
        write(self, data)

    said = []
    monkeypatch.setattr(RecordWriter, "write", refuse)
    monkeypatch.setattr(threading, "excepthook", said.append)
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", *words) == 2
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence.startswith(f"flowcolor: {tmp_path}/version_0 cannot be written: ")
    assert os.strerror(number) in sentence
    assert not said


LOGGERS = {
    "version_0": (),
    "lightning_logs/version_0": ("--trainer.logger=CSVLogger", "--trainer.logger.save_dir"),
}


@pytest.mark.parametrize("place", LOGGERS)
def test_a_folder_that_vanishes_under_a_log_is_one_sentence(
    place, run, tmp_path, monkeypatch, capsys
):
    step = ColorizationTask.training_step

    def remove_first(self, *options):
        shutil.rmtree(tmp_path / place, ignore_errors=True)
        return step(self, *options)

    monkeypatch.setattr(ColorizationTask, "training_step", remove_first)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    logger = LOGGERS[place]
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path, *logger)
    assert flowcolor("fit", *words, *([tmp_path] if logger else [])) == 2
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence.startswith(f"flowcolor: {tmp_path / place} cannot be written: ")


def test_a_command_that_cannot_describe_its_run_leaves_nothing(run, tmp_path, monkeypatch, capsys):
    fill_disk(monkeypatch)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert flowcolor("validate", "--ckpt_path", run.last) == 2
    assert "cannot be written: No space left" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_configuration_of_a_run_is_what_it_was(run):
    import yaml

    text = (run.folder / "config.yaml").read_text("utf-8")
    written = yaml.safe_load(text)
    wanted = json.loads(run.config.read_text("utf-8"))
    assert written["data"]["held_out"] == wanted["data"]["held_out"]
    assert written["trainer"]["max_epochs"] == wanted["trainer"]["max_epochs"]
