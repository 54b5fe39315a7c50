import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import flowcolor as package
from flowcolor.cli import main as command
from flowcolor.errors import InputError

WITHOUT_TORCH = """
import sys
from flowcolor.cli.main import main
assert main(["--version"]) == 0 and main(["--help"]) == 0 and main([]) == 0
assert main(["colorize", "--skech", "x"]) == 2
assert not {"torch", "lightning", "numpy", "PIL"} & set(sys.modules)
"""


def test_version_and_help_answer_without_importing_torch():
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith(f"flowcolor {package.__version__}\nusage: flowcolor COMMAND")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_command_has_a_module_whose_main_takes_words(name):
    first = command.COMMANDS[name].args[0]
    module = "flowcolor.training.lightning_cli" if first == name else first
    source = Path(find_spec(module).origin).read_text(encoding="utf-8")
    assert re.search(r"^def main\(\w+: Sequence\[str\]\) -> None:$", source, re.MULTILINE)


def test_an_unknown_command_is_one_line_with_a_suggestion(capsys):
    assert command.main(["colorise"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "got 'colorise'; did you mean 'colorize'." in error


@pytest.mark.parametrize(
    "words",
    [
        ("quickstart", "--output", "a\0b"),
        ("push", "--checkpoint=faces", "--repo=us/ours", "--folder=a\0b"),
        ("table", "--reports", "a\0b"),
        ("fit", "--config", "a\0b"),
        ("a\0b",),
    ],
)
def test_a_word_with_a_zero_byte_is_one_line_without_it(words, capsys):
    """Where something was to be written, it was a traceback, after all was computed."""
    assert command.main(words) == 2
    expected = f"flowcolor: flowcolor expects words without zero bytes, got {words[-1]!r}.\n"
    assert capsys.readouterr().err == expected


def test_an_input_error_is_one_line_and_status_2(monkeypatch, capsys):
    def fail(words):
        raise InputError("The file is bad.")

    monkeypatch.setitem(command.COMMANDS, "fit", fail)
    assert command.main(["fit"]) == 2
    assert capsys.readouterr().err == "flowcolor: The file is bad.\n"


def test_a_bug_keeps_its_traceback(monkeypatch):
    def fail(words):
        raise ValueError("a bug")

    monkeypatch.setitem(command.COMMANDS, "fit", fail)
    with pytest.raises(ValueError, match="a bug"):
        command.main(["fit"])


NO_MEMORY = {
    "of a processor": (lambda: torch.empty(2**50), "you tried to allocate 4503599627370496 bytes"),
    "of NumPy": (lambda: np.empty(2**50), "Unable to allocate 8.00 PiB for an array with shape"),
    "of Python": (lambda: bytearray(2**60), "There is not enough memory: give smaller pictures"),
}


@pytest.mark.parametrize("case", NO_MEMORY)
def test_a_memory_that_is_too_small_is_one_sentence(case, monkeypatch, capsys):
    ask, expected = NO_MEMORY[case]
    monkeypatch.setitem(command.COMMANDS, "fit", lambda words: ask())
    assert command.main(["fit"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("flowcolor: There is not enough memory")
    assert expected in said
    assert said.count("\n") == 1


def test_so_is_that_of_a_gpu(monkeypatch, capsys):
    def fail(words):
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 1.0 GiB"
        )

    monkeypatch.setitem(command.COMMANDS, "fit", fail)
    assert command.main(["fit"]) == 2
    expected = "not enough memory (CUDA out of memory. Tried to allocate 2.00 GiB): give smaller"
    assert expected in capsys.readouterr().err


class Killer:
    """Photographs whose reading ends the process that reads, as a system without memory does."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def test_a_reading_process_that_is_killed_is_one_sentence(monkeypatch, capsys):
    loader = DataLoader(Killer(), num_workers=1)
    monkeypatch.setitem(command.COMMANDS, "fit", lambda words: next(iter(loader)))
    assert command.main(["fit"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("flowcolor: A process that reads pictures was ended from outside (DataL")
    assert said.endswith(
        "as systems do whose memory runs out: give a smaller --data.num_workers, "
        "or smaller batches."
    )


def test_success_is_status_0_and_not_an_object(monkeypatch):
    monkeypatch.setitem(command.COMMANDS, "fit", lambda words: object())
    assert command.main(["fit"]) == 0


def test_a_process_of_its_own_ends_without_a_last_search_for_cycles():
    code = (
        "import atexit, gc, sys; from flowcolor.cli.main import program\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0, len(gc.get_objects()) < 100))\n"
        "sys.argv = ['flowcolor', 'colorize', '--skech', 'x']; sys.exit(program())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert said.returncode == 2
    assert said.stdout.splitlines()[-1] == "True True"


def test_what_an_optimiser_loads_does_not_complain_at_the_end():
    code = (
        "import atexit, gc, sys; from flowcolor.cli.main import program\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "sys.modules['triton'] = None\n"
        "sys.argv = ['flowcolor', 'colorize', '--skech', 'x']; sys.exit(program())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (said.returncode, said.stdout.splitlines()[-1]) == (2, "0")


def test_a_backend_of_matplotlib_that_is_unknown_keeps_no_command_from_drawing():
    code = (
        "import sys; from flowcolor.cli import main as command\n"
        "command.COMMANDS['methods'] = lambda words: __import__('matplotlib')\n"
        "sys.argv = ['flowcolor', 'methods']; sys.exit(command.program())"
    )
    environment = {**os.environ, "MPLBACKEND": "qt4agg"}
    words = [sys.executable, "-c", code]
    said = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert said.returncode == 0, said.stderr


def test_a_current_folder_that_was_deleted_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert command.main(["marks", "--photo", "/p.png", "--output", "/o.png"]) == 2
    assert capsys.readouterr().err.startswith("flowcolor: The current folder cannot be found: ")


def test_a_current_folder_that_must_not_be_entered_is_one_sentence(tmp_path, monkeypatch, capsys):
    stat = Path.stat

    def refusing(path, **options):  # As a folder without x does, but not to root.
        if path == Path():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return stat(path, **options)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "stat", refusing)
    assert command.main(["prepare", "--photos", "/p", "--output", "/o"]) == 2
    said = f"flowcolor: The current folder, {tmp_path}, cannot be entered: Permission denied; "
    assert capsys.readouterr().err == f"{said}expected another one, as after cd.\n"
    assert command.main(["methods"]) == 0


def test_no_place_for_temporary_files_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/nowhere"])
    monkeypatch.setitem(command.COMMANDS, "fit", lambda words: tempfile.gettempdir())
    assert command.main(["fit"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("flowcolor: Temporary files cannot be written anywhere: set TMPDIR ")
