"""One command at a time writes a folder."""

import os
import signal
import subprocess
import sys

import pytest

from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, alone
from tests.training.helpers import flowcolor, write_photos


def test_photographs_are_not_prepared_where_another_command_writes(tmp_path, capsys):
    photos, folder = write_photos(tmp_path / "photos", 2), tmp_path / "new" / "out"
    words = ("prepare", "--photos", photos, "--output", folder, "--size", 16, "--workers", 1)
    with alone(folder, "somebody"):
        assert flowcolor(*words) == 2
        error = capsys.readouterr().err
        assert error == f"flowcolor: Another `flowcolor prepare` is writing to {folder}.\n"
        assert [path.name for path in folder.iterdir()] == [LOCK]
    assert not folder.parent.exists()


def test_a_file_of_the_same_name_that_holds_something_stays(tmp_path):
    (tmp_path / LOCK).write_text("of another program", "utf-8")
    with alone(tmp_path, "somebody"):
        pass
    assert (tmp_path / LOCK).read_text("utf-8") == "of another program"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_place_of_the_lock_is_one_sentence(tmp_path):
    os.mkfifo(tmp_path / LOCK)
    reader = os.open(tmp_path / LOCK, os.O_RDONLY | os.O_NONBLOCK)  # Else, writers wait for one.
    with (
        pytest.raises(InputError, match="cannot be written: it is a pipe or a device"),
        alone(tmp_path, "somebody"),
    ):
        pytest.fail("it holds a pipe")
    os.close(reader)


def test_a_lock_that_its_owner_has_removed_meanwhile_holds_nothing(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")  # Windows has other locks.
    flock, ended = fcntl.flock, []

    def end_of_the_other(file, how):
        if not ended:
            ended.append((tmp_path / LOCK).unlink())
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", end_of_the_other)
    with (
        alone(tmp_path, "one"),
        pytest.raises(InputError, match="Another `two` is"),
        alone(tmp_path, "two"),
    ):
        pytest.fail("two write one folder")
    with alone(tmp_path, "three"):
        assert (tmp_path / LOCK).exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_what_a_killed_process_has_started_holds_nothing(tmp_path):
    script = f"""
import os, signal
from pathlib import Path
from flowcolor.io.alone import alone
with alone(Path({str(tmp_path)!r}), "one"):
    if not os.fork():
        print(os.getpid(), flush=True)
        os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        child = int(killed.stdout.readline())
        assert killed.wait() == -signal.SIGKILL
        try:
            with alone(tmp_path, "two"):
                assert [path.name for path in tmp_path.iterdir()] == [LOCK]
        finally:
            os.kill(child, signal.SIGKILL)
    assert not list(tmp_path.iterdir())
