"""What Ctrl-C and SIGTERM leave of a command: a status, at most a sentence, and nothing half."""

import signal
import subprocess
import sys

import pytest

BEGIN = """
import signal, sys, time
from pathlib import Path
from flowcolor.cli import main as command
signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell may have it ignored.
signal.signal(signal.SIGTERM, signal.SIG_DFL)
sys.path.insert(0, "")
sys.argv = ["flowcolor", "methods"]
"""
END = """
command.COMMANDS["methods"] = work
sys.exit(command.program())
"""


def ended(work, folder):
    code = BEGIN + work + END
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    return said.returncode, said.stdout, said.stderr


@pytest.mark.parametrize("then", ["pass", "raise ImportError('loaded twice') from None"])
def test_an_import_that_swallows_ctrl_c_does_not_make_the_command_deaf(then, tmp_path):
    """Nor until a call of the system is over, which may take hours."""
    swallow = f"""
import signal
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    {then}
"""
    (tmp_path / "swallow.py").write_text(swallow)
    work = """
def work(words):
    import swallow
    time.sleep(600)
    print("deaf")
"""
    assert ended(work, tmp_path) == (130, "", "flowcolor: interrupted\n")


def test_ctrl_c_where_imports_forget_it_is_no_traceback(tmp_path):
    work = """
def work(words):
    from importlib import _bootstrap
    class Locks(dict):
        def get(self, name):
            signal.raise_signal(signal.SIGINT)
            return super().get(name)
    _bootstrap._module_locks = Locks(_bootstrap._module_locks)
    cb = _bootstrap._get_module_lock.__code__.co_consts
    code = next(each for each in cb if getattr(each, "co_name", "") == "cb")
    import types, weakref
    class Held: pass
    held = Held()
    ref = weakref.ref(held, types.FunctionType(code, vars(_bootstrap), argdefs=("held",)))
    del held
    time.sleep(600)
"""
    assert ended(work, tmp_path) == (130, "", "flowcolor: interrupted\n")


@pytest.mark.parametrize(("number", "status", "said"), [(2, 130, "interrupted"), (15, 143, "")])
def test_a_signal_while_torch_sets_up_its_extensions_does_not_abort(number, status, said, tmp_path):
    """Some of its C++ must not throw, and ends the process with a dump of the stack if it does."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text(f"""
import os, signal
try:
    signal.raise_signal({number})
except BaseException:
    os.abort()
""")
    work = """
def work(words):
    import torch
    time.sleep(600)
"""
    assert ended(work, tmp_path) == (status, "", f"flowcolor: {said}\n" if said else "")


@pytest.mark.parametrize(("number", "status", "said"), [(2, 130, "interrupted"), (15, 143, "")])
def test_a_signal_while_an_extension_calls_python_does_not_abort(number, status, said, tmp_path):
    """As one of pybind11 that makes an enumeration, triton's for one; it must not throw either."""
    work = f"""
def work(words):
    import os
    from importlib import _bootstrap
    def call():
        try:
            signal.raise_signal({number})
        except BaseException:
            os.abort()
    _bootstrap._call_with_frames_removed(call)
    time.sleep(600)
"""
    assert ended(work, tmp_path) == (status, "", f"flowcolor: {said}\n" if said else "")


def test_sigterm_leaves_no_part_of_a_file_and_the_earlier_one(tmp_path):
    (tmp_path / "file").write_text("earlier")
    work = """
def work(words):
    from flowcolor.io.whole_file import whole_file
    with whole_file(Path("file")) as file:
        file.write(b"half")
        signal.raise_signal(signal.SIGTERM)
"""
    assert ended(work, tmp_path) == (128 + signal.SIGTERM, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "earlier"


def test_a_second_ctrl_c_while_libraries_say_goodbye_is_no_traceback(tmp_path):
    work = """
def work(words):
    import atexit
    atexit.register(lambda: signal.raise_signal(signal.SIGINT))
    raise KeyboardInterrupt
"""
    assert ended(work, tmp_path) == (-signal.SIGINT, "", "flowcolor: interrupted\n")


def test_ctrl_c_in_code_that_was_made_of_a_string_ends_with_the_same_status(tmp_path):
    """As in a dataclass of a library that is imported: Python would kill itself at its end."""
    work = """
def work(words):
    exec("signal.raise_signal(signal.SIGINT)")
"""
    (tmp_path / "program.py").write_text(BEGIN + work + END)
    words = [sys.executable, "-m", "program"]
    run = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stderr) == (130, "flowcolor: interrupted\n")


def test_sigterm_before_and_after_others_have_it_cleans_up_as_ever(tmp_path):
    work = """
def work(words):
    from flowcolor.ending import sigterm_for_others
    with sigterm_for_others():
        for takes in (False, True):
            try:
                if takes:
                    before = signal.getsignal(signal.SIGTERM)
                    signal.signal(signal.SIGTERM, lambda *given: before(*given))  # As Lightning.
                    signal.raise_signal(signal.SIGTERM)
                    print("taken")
                    signal.signal(signal.SIGTERM, before)
                signal.raise_signal(signal.SIGTERM)
            except SystemExit as end:
                print(end.code)
"""
    assert ended(work, tmp_path) == (0, "143\ntaken\n143\n", "")
