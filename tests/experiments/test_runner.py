"""Tests of what experiments share."""

import json
import signal
import subprocess
import sys
import time
from argparse import Namespace

import pytest

from flowcolor.errors import InputError
from flowcolor.experiments import runs, scaling
from flowcolor.experiments.checksums import checksums
from flowcolor.experiments.comparison import check
from flowcolor.experiments.runner import claim, require_last
from flowcolor.io.alone import LOCK
from tests.training.helpers import flowcolor

TRAINING = """#!/bin/sh
trap 'sleep 0.3; echo > {folder}/checkpoint; exit 0' TERM INT
echo > {folder}/begun
for _ in $(seq 600); do sleep 0.05; done
"""
EXPERIMENT = """
import signal, sys
from flowcolor.experiments import runner
runner._PATIENCE = 0.5
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell may have it ignored.
sys.executable, before = sys.argv[1], signal.getsignal(signal.SIGTERM)
try:
    runner.call_in_process_of_its_own(["fit"])
finally:
    assert signal.getsignal(signal.SIGTERM) is before
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_experiment_that_is_ended_ends_its_training_and_waits_for_a_checkpoint(tmp_path, number):
    training = tmp_path / "training"
    training.write_text(TRAINING.format(folder=tmp_path))
    training.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", EXPERIMENT, training]) as experiment:
        deadline = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        experiment.send_signal(number)
        assert experiment.wait(60) == 128 + number
        assert (tmp_path / "checkpoint").exists()


def test_ctrl_c_while_python_starts_for_a_training_is_no_traceback(monkeypatch, capfd):
    """A terminal interrupts both, the one in which no handler of ours is set up yet, too."""

    class Interrupted(subprocess.Popen):
        def __init__(self, command):
            super().__init__(command)
            self.send_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # It might be ignored.
    try:
        with pytest.raises(InputError, match="ended with status 130"):
            runs.call_in_process_of_its_own(["--version"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert capfd.readouterr() == ("", "flowcolor: interrupted\n")


def test_a_folder_that_was_killed_while_it_was_claimed_is_claimed_again(tmp_path):
    what = ("an experiment", "experiment")
    (tmp_path / ".0123456789abcdef.partial").write_text('{"of": 1')
    (tmp_path / LOCK).touch()
    claim(tmp_path, "record.json", {"of": 1}, what)
    assert json.loads((tmp_path / "record.json").read_text()) == {"of": 1}
    (tmp_path / "record.json").rename(tmp_path / "other.json")
    with pytest.raises(InputError, match="expects a new folder or one of this experiment"):
        claim(tmp_path, "record.json", {"of": 1}, what)


LAST = {
    "last.filename": {"last": {"filename": "end"}},
    "last.dirpath": {"last": {"dirpath": "elsewhere"}},
    "last.save_top_k": {"last": {"save_top_k": 0}},
    "last.save_weights_only": {"last": {"save_weights_only": True}},
    "trainer.fast_dev_run": {"trainer": {"fast_dev_run": 1}},
}


@pytest.mark.parametrize("option", LAST)
@pytest.mark.parametrize("command", ["ablate", "scaling", "compare"])
def test_a_configuration_that_leaves_no_last_checkpoint_is_refused(
    command, option, run, tmp_path, monkeypatch, capsys
):
    for module, name in ((runs, "train_once"), (scaling, "train_once"), (check, "claim")):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("trained"))
    file, out = tmp_path / "mine.yaml", tmp_path / "out"
    file.write_text(json.dumps(json.loads(run.config.read_text()) | LAST[option]))
    mine = ("--config", file, "--trainer.max_steps=2", "--data.train", run.photos)
    photographs = ("--data.train", run.photos, "--data.held_out=3")
    words = {
        "ablate": ("--table=4.3", *mine),
        "scaling": ("--shares=0.5,1", *mine),
        "compare": ("--methods", file, "--train_steps=2", "--size=32", *photographs),
    }
    assert flowcolor(command, *words[command], "--output", out) == 2
    error = capsys.readouterr().err
    assert f"{command} tests the last checkpoint of every training, which {option} wo" in error
    assert not out.exists()


def test_trainings_that_would_write_over_each_other_are_refused():
    last = Namespace(filename="last", dirpath=None, save_top_k=1, save_weights_only=False)
    given = {"trainer": Namespace(fast_dev_run=False), "last": last}
    require_last("ablate", Namespace(best=Namespace(dirpath=None), **given))
    expected = r"ablate expects no best\.dirpath, .* the one before, got kept\.$"
    with pytest.raises(InputError, match=expected):
        require_last("ablate", Namespace(best=Namespace(dirpath="kept"), **given))


def test_files_that_options_name_count(tmp_path):
    """Weights that are trained further keep their name, and data of a section of its own, too."""
    names = ("last.ckpt", "data.yaml", "vgg16.pth", "vgg19.pth")
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_text("before")
    words = (f"--model.weights={files[0]}", "--data", str(files[1]), "--trainer.max_steps=2")
    given = {"objective": {"init_args": {"vgg16": str(files[2])}}, "size": 64, "none": None}

    def claimed():
        known = checksums(words, given, [files[3]])
        claim(tmp_path / "out", "record.json", {"of": 1, **known}, ("an experiment", "experiment"))

    claimed()
    claimed()
    for file in files:
        file.write_text("after")
        with pytest.raises(InputError, match=f"holds runs of .*{file.name} with another checksum"):
            claimed()
        file.write_text("before")
    assert checksums(["--trainer.max_steps=2", "{" * 5000], {"size": 64}) == {}
