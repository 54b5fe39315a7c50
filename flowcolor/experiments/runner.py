"""What experiments share: a folder of their own, trainings made once, a process for each."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowcolor.ending import ctrl_c_waits
from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, is_unused
from flowcolor.io.files import exists, find, names_in, remove
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text
from flowcolor.training.words import without_idle

_PATIENCE = 5.0  # Seconds.
# By which a training would leave no last checkpoint where its test, and the next call, look for it.
_OF_LAST = ("--last", "--last.filename", "--last.dirpath", "--trainer.fast_dev_run")

Call = Callable[[Sequence[str]], None]
#: By this name the record of a folder says on what its runs train and are tested.
PHOTOGRAPHS = "set of photographs"


def refuse_options(command: str, decided: Sequence[str], words: Sequence[str]) -> None:
    """Refuse options that an experiment decides itself.

    Raises:
        InputError: It names the first.
    """
    for option in (*decided, *_OF_LAST):
        if any(word.split("=")[0] == option for word in words):
            raise InputError(f"flowcolor {command} decides {option} itself, it cannot be given.")


def require_last(command: str, chosen: Any) -> None:
    """Refuse a training that would leave no last checkpoint, or take the place of another's best.

    Whoever asks for it: :func:`refuse_options` sees the words alone, not what configurations say.

    Args:
        command: That of the experiment.
        chosen: All options of ``flowcolor fit``, parsed.

    Raises:
        InputError: It names the first option.
    """
    kept = chosen.last
    wrong = {
        "trainer.fast_dev_run": (chosen.trainer.fast_dev_run, bool(chosen.trainer.fast_dev_run)),
        "last.filename": (kept.filename, kept.filename != "last"),
        "last.dirpath": (kept.dirpath, kept.dirpath is not None),
        "last.save_top_k": (kept.save_top_k, kept.save_top_k == 0),
        "last.save_weights_only": (kept.save_weights_only, bool(kept.save_weights_only)),
    }
    for option, (value, is_wrong) in wrong.items():
        if is_wrong:
            raise InputError(
                f"flowcolor {command} tests the last checkpoint of every training, which {option} "
                f"would not leave in its place, got {value}."
            )
    if chosen.best.dirpath is not None:
        raise InputError(
            f"flowcolor {command} expects no best.dirpath, where every training would write over "
            f"the one before, got {chosen.best.dirpath}."
        )


def train_once(words: Sequence[str], folder: Path, call: Call) -> Path:
    """Train if that is not done, going on where an earlier call stopped.

    Args:
        words: Options of ``flowcolor fit``, without the folder, and perhaps of a test.
        folder: Of this training, and of nothing else.
        call: Runs one ``flowcolor`` command.

    Returns:
        The checkpoint of the last step, not of the best: that one was chosen on photographs that
        the test may be about.

    Raises:
        InputError: It ended without a model.
    """
    trained = find(folder, "version_*/model.safetensors")
    if not trained:
        root = f"--trainer.default_root_dir={folder}"
        begun = bool(find(folder, "version_*/checkpoints/last.ckpt"))
        going_on = ["--ckpt_path=last"] if begun else []
        # So in stages, too: each begins with what the last step of the one before has left.
        call(["fit", *without_idle("fit", words), "--best.monitor=null", root, *going_on])
        trained = find(folder, "version_*/model.safetensors")
    if not trained:
        raise InputError(f"The training in {folder} ended without writing a model.")
    return trained[-1].parent / "checkpoints" / "last.ckpt"


def claim(folder: Path, name: str, wanted: dict[str, Any], what: tuple[str, str]) -> None:
    """Write down what the runs of a folder are, once they do :func:`agree`."""
    write_text(json.dumps(agree(folder, name, wanted, what), indent=1) + "\n", folder / name)


def agree(folder: Path, name: str, wanted: dict[str, Any], what: tuple[str, str]) -> dict[str, Any]:
    """Compare what the runs of a folder are to be with what was written there, if anything was.

    What is a record by name may grow: later calls may add to it, but not change it.

    Args:
        folder: Of all runs.
        name: Of the file.
        wanted: What they are, as plain values.
        what: What the folder is of, as in ``("an ablation", "table")``.

    Returns:
        What they are, with what was written before.

    Raises:
        InputError: The folder holds other runs, or something else.
    """
    path, (kind, unit) = folder / name, what
    if exists(path):
        found = _recorded(path, kind)
        for key, value in wanted.items():
            known = found.get(key)
            if isinstance(value, dict) and isinstance(known, dict):
                _refuse_changed(folder, key, known, value)
                wanted = wanted | {key: known | value}
            elif known != value:
                raise InputError(
                    f"{folder} holds runs with another {key} ({known} instead of {value}), which "
                    "must not be mixed: give another --output."
                )
    elif not is_unused(folder):
        raise InputError(f"--output expects a new folder or one of this {unit}, got {folder}.")
    return wanted


@contextmanager
def taken_back(folder: Path, names: Collection[str]) -> Iterator[None]:
    """Remove what was claimed where an error leaves nothing else in a folder.

    It would bind the folder to photographs, or to options, by which nothing can be made.

    Args:
        folder: Of all runs.
        names: Of the files that say what they are.

    Raises:
        InputError: What has gone wrong.
    """
    try:
        yield
    except InputError:
        if {LOCK, *names}.issuperset(names_in(folder)):
            for name in names:
                remove(folder / name)
        raise


def call_in_process_of_its_own(words: Sequence[str]) -> None:
    """Run one ``flowcolor`` command and wait for it, also when this process is to end.

    In this process, a strategy that starts others, as DDP does, would start this command again.

    Raises:
        InputError: It did not succeed; what was wrong has been printed by it.
    """
    command = [sys.executable, "-m", "flowcolor", *words]
    with ctrl_c_waits():
        started = subprocess.Popen(command)  # noqa: S603 - the words are the user's own
    with started as process, _passing_on(process) as passed:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            _wait_for_the_interrupted(process)
            raise SystemExit(130) from None
        except BaseException:
            process.terminate()
            raise
    if passed:
        raise SystemExit(128 + passed[0])
    if status:
        raise InputError(
            f"flowcolor {words[0]} ended with status {status}, see above: what is done is kept, "
            "and the same command goes on from there."
        )


def _wait_for_the_interrupted(process: subprocess.Popen[bytes]) -> None:
    """Wait while a process writes its checkpoint, and end it if only this one was interrupted.

    A terminal interrupts both, and a second Ctrl-C would end a training inside of a batch.
    """
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Pass SIGTERM on to a process that writes a checkpoint then, and list what was passed on."""
    passed: list[int] = []

    def pass_on(number: int, _: object) -> None:
        passed.append(number)
        process.terminate()

    if threading.current_thread() is not threading.main_thread():
        yield passed  # Only the main thread is given signals.
        return
    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        yield passed
    finally:
        signal.signal(signal.SIGTERM, before)


def _recorded(path: Path, kind: str) -> dict[str, Any]:
    try:
        found = parse_json(read_whole(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {reason}.") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} expects the record of {kind}, got {type(found).__name__}.")
    return found


def _refuse_changed(folder: Path, key: str, known: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if name in known and known[name] != value:
            raise InputError(
                f"{folder} holds runs of {name} with another {key.rstrip('s')} ({known[name]} "
                f"instead of {value}), which must not be mixed: give another --output or name."
            )
