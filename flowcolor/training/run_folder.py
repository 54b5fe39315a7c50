"""The folder of a run: where it lies, that one process makes it, and that all processes know it."""

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from flowcolor.errors import InputError
from flowcolor.io.files import exists
from flowcolor.io.new_folders import make_folders

CHECKPOINTS = "checkpoints"


def is_first_process() -> bool:
    """Return whether this is the process that writes, before the processes of a run have met."""
    return int(getattr(rank_zero_only, "rank", 0) or 0) == 0


def new_version(root: Path) -> Path:
    """Make a folder ``version_N`` below ``root``, with N above those of all others.

    Two runs that start at one moment get two folders: whoever comes second finds the number taken.

    Raises:
        InputError: It cannot be made.
    """
    try:
        make_folders(root)
        numbers = [path.name.removeprefix("version_") for path in root.glob("version_*")]
        taken = [int(number) for number in numbers if number.isdecimal()]
        for number in count(max(taken, default=-1) + 1):
            folder = root / f"version_{number}"
            try:
                folder.mkdir(parents=True)  # Another run, refused, may have removed the empty root.
            except FileExistsError:
                continue
            return folder
    except (OSError, ValueError) as error:  # A ValueError is of a name with a zero byte.
        raise InputError(
            f"The folder of the run below {root} cannot be written ({error})."
        ) from error
    raise AssertionError  # There is always a further number.


def run_folder(checkpoint: Path) -> Path:
    """Return the folder of the run that wrote a checkpoint."""
    folder = checkpoint.parent
    return folder.parent if folder.name == CHECKPOINTS else folder


def writable(folder: Path) -> Path:
    """Make a folder and return it.

    Raises:
        InputError: Nothing can be written into it.
    """
    try:
        make_folders(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:  # A ValueError is of a name with a zero byte.
        raise InputError(
            f"The folder of the run, {folder}, cannot be written ({error})."
        ) from error
    return folder


def choose_folder(
    command: str, root: Path | None, default: Path, checkpoint: Path | None
) -> tuple[Path, bool]:
    """Make the folder for what a command writes; return it, and whether it is new.

    A training that goes on writes where it began, and other commands beside its checkpoints. All
    else lies below ``root``: trainings in ``version_N``, the rest by the name of the command.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        root: The user's folder of runs, if there is one.
        default: Folder of runs otherwise.
        checkpoint: What the command starts from, if there is one.

    Raises:
        InputError: Nothing can be written into it.
    """
    chosen = default if root is None else root
    if checkpoint is not None:
        folder = run_folder(checkpoint)
        if command != "fit":
            folder = folder / command if root is None else root
    elif command == "fit":
        first = is_first_process()
        # Another process learns the folder once all have met.
        return (writable(new_version(chosen)) if first else chosen / "version_0"), first
    else:
        folder = chosen / command
    is_new = not exists(folder)
    return writable(folder), is_new


def log_folder(trainer: Trainer) -> Path:
    """Return the folder of the run, on any process: ``trainer.log_dir`` must be asked on all."""
    found = (getattr(logger, "log_dir", None) for logger in trainer.loggers)
    folders = [folder for folder in found if folder]
    return Path(folders[0] if folders else trainer.default_root_dir)


class SharedFolder(Callback):
    """Tell all processes the folder that the first one has made.

    Args:
        folder: The folder, or a guess on other processes than the first.
        found: Called with the folder that was made.
    """

    def __init__(self, folder: Path, found: Callable[[Path], None]) -> None:
        self.folder = folder
        self.found = found

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        folder = Path(trainer.strategy.broadcast(str(self.folder)))
        if folder != self.folder:
            # Without this, what another process is asked to write would lie in a folder of its own.
            trainer._default_root_dir = str(folder)  # type: ignore[attr-defined]
            for logger in trainer.loggers:
                _move(logger, folder)
        self.folder = folder
        self.found(folder)


def _move(logger: Any, folder: Path) -> None:
    if hasattr(logger, "_root_dir"):
        logger._root_dir, logger._name = str(folder.parent), folder.name
