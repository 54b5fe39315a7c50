"""What a command must not write over: what an earlier training has left, and what it reads."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, OnExceptionCheckpoint

from flowcolor.console import shown
from flowcolor.errors import InputError
from flowcolor.evaluation.earlier_results import about_earlier
from flowcolor.io.files import exists, real
from flowcolor.io.same_file import protect
from flowcolor.io.streams import read_whole
from flowcolor.training.run_folder import CHECKPOINTS, MODEL
from flowcolor.training.say import say

_CONFIG = "config.yaml"  # The name that Lightning gives to the configuration of a run.
_HEAD = b"# lightning.pytorch=="  # And how it begins.


def spare_training(folder: Path, option: str, part: str) -> None:
    """Refuse a folder in which an earlier training lies.

    Args:
        folder: Where something else would be written.
        option: How the command line calls it.
        part: What of the training would be lost.

    Raises:
        InputError: It names the folder.
    """
    if exists(folder / CHECKPOINTS):
        raise InputError(
            f"{option} expects a folder without a training, got {folder}, whose {part} would be "
            "replaced."
        )


def spare_configurations(folder: Path, option: str, read: Iterable[str | Path]) -> None:
    """Refuse a folder for results where their configuration would replace another.

    Args:
        folder: Where results go.
        option: How the command line calls it.
        read: Configurations that the command reads.

    Raises:
        InputError: That is one of a training, or one that is read.
    """
    if exists(folder / _CONFIG):
        spare_training(folder, option, _CONFIG)
    protect(folder / _CONFIG, map(Path, read), option)


def spare_own(folder: Path, option: str) -> None:
    """Refuse a folder for results where a configuration that no run has written would be replaced.

    Args:
        folder: Where results go.
        option: How the command line calls it.

    Raises:
        InputError: It names the folder.
    """
    if exists(folder / _CONFIG) and not _is_of_a_run(folder):
        raise InputError(
            f"{option} expects a folder without a {_CONFIG} of something else, got {folder}, whose "
            "own would be replaced."
        )


def _is_of_a_run(folder: Path) -> bool:
    try:
        return read_whole(folder / _CONFIG).startswith(_HEAD)
    except FileNotFoundError:
        return False
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{folder / _CONFIG} cannot be read: {reason}.") from error


def spare_model(folder: Path, checkpoint: Path) -> None:
    """Refuse to go on with a training whose checkpoint has been laid beside files of others.

    Args:
        folder: Where the training goes on.
        checkpoint: Of the training.

    Raises:
        InputError: It names the checkpoint.
    """
    lost = [name for name in (_CONFIG, MODEL) if exists(folder / name)]
    if lost and real(checkpoint.parent) == real(folder) and not _is_of_a_run(folder):
        raise InputError(
            f"--ckpt_path expects a checkpoint in a folder of its training, got {checkpoint}, "
            f"beside which {lost[-1]} lies and would be replaced: lay it into a new folder."
        )


def spare_checkpoints(trainer: Trainer) -> None:
    """Refuse places of checkpoints where those of an earlier training lie, under the same names.

    Names with numbers of the training are left to whoever chose them: they may well differ.

    Args:
        trainer: Of a training that begins, with all callbacks.

    Raises:
        InputError: It names the file.
    """
    callback: Any
    for callback in trainer.checkpoint_callbacks:
        if not isinstance(callback, ModelCheckpoint) or callback.dirpath is None:
            continue
        name = callback.filename
        if name is None or "{" in name or callback._enable_version_counter:
            continue  # Lightning counts up.
        _spare(Path(callback.dirpath) / f"{name}{callback.FILE_EXTENSION}")
    spare_rescued(trainer)


def spare_rescued(trainer: Trainer) -> None:
    """Refuse places of checkpoints that are for failures where there is one of this name.

    The first that succeeds, a test as well, would remove it: Lightning takes it for its own.

    Args:
        trainer: Of what does not go on with a training, with all callbacks.

    Raises:
        InputError: It names the file.
    """
    for callback in trainer.checkpoint_callbacks:
        if isinstance(callback, OnExceptionCheckpoint):
            _spare(Path(callback.ckpt_path))


def tell_earlier_test(folder: Path, option: str, about: dict[str, Any], rival: Path | None) -> None:
    """Say which test a new one takes the place of, if that is of another model or of other data.

    Args:
        folder: Where the report goes.
        option: How the command line calls it.
        about: What the new report will say of these.
        rival: What it will be compared with, a checkpoint or a report.

    Raises:
        InputError: There is a file of something else by the name of one that will be written.
    """
    earlier = about_earlier(folder / "test.json", option, compares=rival is not None)
    if rival is not None and rival.suffix.lower() != ".json":
        about_earlier(folder / "compared/test.json", option)
    if earlier is None:
        return
    name = str(earlier.get("checkpoint"))  # None of methods without weights.
    again = real(Path(name)) == real(Path(about["checkpoint"]))  # By another path, too.
    if again and all(earlier.get(key) == about[key] for key in ("model", "data")):
        return
    tested = shown(earlier.get("model") if name == "None" else name)
    other = "" if earlier.get("data") == about["data"] else " on other data"
    say(f"notice: the test of {tested}{other} is replaced; another {option} keeps both")


def _spare(file: Path) -> None:
    if exists(file):
        raise InputError(
            "The dirpath of a checkpoint expects a folder without the checkpoint of another "
            f"training, got {file.parent}, whose {file.name} would be replaced."
        )
