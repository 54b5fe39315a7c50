"""Two processes of one training end together, with one status, and nothing stays."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import distributed
from torch.multiprocessing.spawn import ProcessExitedException

from flowcolor.ending import heeding_signals
from flowcolor.errors import InputError
from flowcolor.models.checkpoint import read_checkpoint
from flowcolor.training import other_processes
from tests.training.helpers import TWO_PROCESSES, flowcolor_alone, write_config, write_photos

ROOT = Path(__file__).parents[2]
DDP = ("--trainer.devices=2", "--trainer.accelerator=cpu", "--trainer.max_epochs=500")


class Training:
    """A training of two processes, by default each started as a command."""

    def __init__(self, base, strategy):
        self.root, self.log = base / "runs", base / "log"
        config = write_config(base / "tiny.yaml", write_photos(base / "photos", 7))
        words = ("--config", config, *DDP, "--trainer.default_root_dir", self.root)
        words += ("--trainer.strategy", strategy)
        command = [sys.executable, "-m", "flowcolor", "fit", *map(str, words)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                # Background jobs ignore it.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )

    def await_said(self, text):
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            time.sleep(0.01)

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def other(self):
        """Return a process that the first has started; servers of Python's are others."""
        pid = self.process.pid
        for each in map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            if b"--trainer.devices=2" in Path(f"/proc/{each}/cmdline").read_bytes():
                return each
        raise AssertionError(self.said())

    def ended(self, pid):
        """Wait until a process that nobody waits for is gone."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    time.sleep(0.01)
                    continue
            return True
        return False


@pytest.fixture
def training(request, tmp_path):
    started = Training(tmp_path, getattr(request, "param", "ddp"))
    yield started
    with suppress(ProcessLookupError):
        os.killpg(started.process.pid, signal.SIGKILL)
    started.process.wait()


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


@LINUX
@pytest.mark.slow
def test_ctrl_c_before_the_second_has_come_is_an_end_like_any_other(training):
    """The first one waits for it in C++, and was killed: its folder stayed, its status was -9."""
    training.await_said("GLOBAL_RANK: 0")
    os.killpg(training.process.pid, signal.SIGINT)
    assert training.process.wait(60) == 130
    assert training.said().splitlines()[-1] == "flowcolor: interrupted"
    assert "Child process" not in training.said()
    assert not training.root.exists()


@LINUX
@pytest.mark.slow
def test_one_that_is_terminated_ends_both_without_a_traceback(training):
    training.await_said("All distributed processes")
    os.kill(training.other(), signal.SIGTERM)
    assert training.process.wait(60) == 143
    assert "Traceback" not in training.said()
    assert not training.root.exists()


@LINUX
@pytest.mark.slow
def test_the_second_does_not_wait_for_a_first_that_was_killed(training):
    training.await_said("GLOBAL_RANK: 0")
    second = training.other()
    training.process.kill()
    assert training.ended(second)


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("training", ["ddp_fork"], indirect=True)
@pytest.mark.parametrize(
    ("sent_to", "number"),
    [("first", signal.SIGINT), ("other", signal.SIGINT), ("first", signal.SIGTERM)],
)
def test_forked_ones_end_after_their_batch_with_the_one_that_is_interrupted(
    training, sent_to, number
):
    """They trained on, or the first waited for a result that never came."""
    training.await_said("training Sketch")
    last = training.root / "version_0/checkpoints/last.ckpt"
    while not last.exists():
        time.sleep(0.01)
    asked = training.process.pid if sent_to == "first" else training.other()
    os.kill(asked, number)
    assert training.process.wait(60) == 128 + number
    step = int(re.findall(r"interrupted at step (\d+), wrote", training.said())[0])
    assert read_checkpoint(last)["global_step"] == step
    assert "Traceback" not in training.said()


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("training", ["ddp_fork"], indirect=True)
def test_sigterm_before_forked_ones_train_leaves_nothing(training):
    """It ended the first one without a word to the others, and its folder stayed."""
    training.await_said("Reading 7 photographs")
    other = training.other()
    training.process.terminate()
    assert training.process.wait(60) == 143
    assert training.ended(other)
    assert "Traceback" not in training.said()
    assert not training.root.exists()


@pytest.mark.parametrize(
    ("number", "end"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_signal_between_two_forks_ends_both(number, end, monkeypatch):
    started = []

    def fork(launcher, *_):
        for index in range(2):
            target, words = launcher._wrapping_function, (index, None)
            started.append(multiprocessing.get_context("fork").Process(target=target, args=words))
            started[-1].start()
            if index == 0:
                signal.raise_signal(number)
        launcher.procs = started
        started[0].join()

    monkeypatch.setattr(_MultiProcessingLauncher, "launch", fork)
    monkeypatch.setattr(_MultiProcessingLauncher, "_wrapping_function", lambda *_: time.sleep(60))
    monkeypatch.setattr(other_processes, "_interrupt", lambda *_: None)
    before = [signal.signal(signal.SIGINT, signal.default_int_handler)]
    before.append(signal.signal(signal.SIGTERM, signal.SIG_DFL))
    try:
        with heeding_signals(), pytest.raises(end):
            other_processes.ForkLauncher(None, "fork").launch(None)
        # Its own answer, or that of the system while it has none.
        assert [process.exitcode in {143, -signal.SIGTERM} for process in started] == [True] * 2
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
        for process in started:
            process.kill()


def test_what_forked_processes_refuse_ends_all_as_any_other_input(tmp_path):
    photos = write_photos(tmp_path / "photos", 7)
    config = write_config(tmp_path / "tiny.yaml", photos)
    (photos / "broken.png").write_bytes(b"broken")
    words = ("--config", config, *TWO_PROCESSES, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor_alone("fit", *words) == 2
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (InputError("x is no image."), 2, "flowcolor: x is no image.\n"),
        (KeyboardInterrupt(), 130, ""),
        (SIGTERMException(), 143, ""),
    ],
)
def test_a_forked_process_ends_as_a_command_does(error, status, sentence, monkeypatch, capsys):
    def end(*_):
        raise error

    told = []
    monkeypatch.setattr(_MultiProcessingLauncher, "_wrapping_function", end)
    monkeypatch.setattr(other_processes, "_interrupt", lambda *words: told.append(words))
    met = []
    trainer = SimpleNamespace(strategy=SimpleNamespace(barrier=lambda: met.append(error)))
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as stop:
            other_processes.ForkLauncher(None, "fork")._wrapping_function(0, trainer)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stop.value.code == status
    assert told == [(trainer, error)]
    assert met == ([error] if status == 143 else [])  # Those who agreed wait for each other.
    assert capsys.readouterr().err == sentence


def launcher(*statuses):
    """Return one whose other processes have ended so, and the signals that they were sent."""
    theirs = SimpleNamespace(cluster_environment=None, num_processes=3, num_nodes=1)
    made, sent = other_processes.Launcher(theirs, lambda: None), []
    made._started = [SimpleNamespace(poll=lambda s=s: s, send_signal=sent.append) for s in statuses]
    return made, sent


GONE = RuntimeError("gloo/transport/tcp/pair.cc: Connection closed by peer")


@pytest.mark.parametrize(
    ("ends", "status", "sentence"),
    [
        ((None, -9), 137, "process 3 of 3 was killed, perhaps because memory ran out: all end"),
        ((1, None), 1, "process 2 of 3 ended with status 1, which it says above: all end"),
        ((-6, None), 134, "process 2 of 3 ended with status 134, which it says above: all end"),
        ((2, None), 2, ""),  # It has said what a user got wrong.
        ((130, None), 130, ""),
        ((0, 143), 143, ""),
    ],
)
@pytest.mark.parametrize("error", [GONE, distributed.DistNetworkError("reset")])
def test_an_error_that_says_that_another_has_gone_is_an_end_with_its_status(
    ends, status, sentence, error, capsys
):
    first, sent = launcher(*ends)
    trainer = SimpleNamespace(strategy=SimpleNamespace(launcher=first))
    with pytest.raises(SystemExit) as stop:
        other_processes.end_as_others(trainer, error)
    assert stop.value.code == status
    assert sent == [signal.SIGKILL] * 2
    said = capsys.readouterr().err
    assert said.startswith(f"flowcolor: {sentence}") if sentence else not said


def test_a_forked_one_that_was_killed_is_an_end_with_its_status(capsys):
    trainer = SimpleNamespace(strategy=SimpleNamespace(launcher=SimpleNamespace(procs=[1, 2])))
    error = ProcessExitedException("", error_index=1, error_pid=5, exit_code=-9)
    with pytest.raises(SystemExit, match="137"):
        other_processes.end_as_others(trainer, error)
    assert "process 2 of 2 was killed" in capsys.readouterr().err


def test_other_errors_and_those_of_processes_that_go_on_keep_their_traceback(monkeypatch):
    monkeypatch.setattr(other_processes, "_PATIENCE", 0.0)
    first, sent = launcher(None, 0)
    trainer = SimpleNamespace(strategy=SimpleNamespace(launcher=first))
    other_processes.end_as_others(trainer, GONE)
    failed, _ = launcher(1)
    trainer = SimpleNamespace(strategy=SimpleNamespace(launcher=failed))
    other_processes.end_as_others(trainer, RuntimeError("a bug"))
    assert not sent
