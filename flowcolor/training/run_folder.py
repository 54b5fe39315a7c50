"""The folder of a run: where it lies, that one process makes it, and that all processes know it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, held, is_unused
from flowcolor.io.files import exists
from flowcolor.io.new_folders import make_folders
from flowcolor.io.parts import remove_partial
from flowcolor.io.places import require_here

CHECKPOINTS = "checkpoints"
MODEL = "model.safetensors"


def is_first_process() -> bool:
    """Return whether this is the process that writes, before the processes of a run have met."""
    return int(getattr(rank_zero_only, "rank", 0) or 0) == 0


def new_version(root: Path, holds: ExitStack) -> Path:
    """Make and hold a folder ``version_N`` below ``root``, with N above those of all others.

    Two runs that start at one moment get two folders: whoever comes second finds the first one
    held. One in which a run that was killed has written nothing is taken again; parts of files are
    removed from the others that killed ones have left.

    Args:
        root: Made if it is missing.
        holds: What gives the folder back to others when it is closed.

    Raises:
        InputError: It cannot be made.
    """
    try:
        make_folders(root)
        used = dict(_used_versions(root))
        for folder in used.values():
            _tidy(folder)
        for number in count(max(used, default=-1) + 1):
            folder = root / f"version_{number}"
            if _take(folder, holds):
                return folder
    except (OSError, ValueError) as error:  # A ValueError is of a name with a zero byte.
        raise InputError(
            f"The folder of the run below {root} cannot be written ({error})."
        ) from error
    raise AssertionError  # There is always a further number.


def _used_versions(root: Path) -> Iterator[tuple[int, Path]]:
    for path in root.glob("version_*"):
        number = path.name.removeprefix("version_")
        if number.isdecimal() and not _is_left(path):
            yield int(number), path


def _is_left(folder: Path) -> bool:
    try:
        return is_unused(folder)
    except InputError:  # It is a file, or somebody else's.
        return False


def _tidy(folder: Path) -> None:
    """Remove what a killed run has left hidden in its folder, if nobody writes there now."""
    with suppress(OSError, InputError):
        if exists(folder / LOCK):
            with held(folder) as locked:
                if locked:
                    remove_partial(folder, deep=False)
                    for name in (CHECKPOINTS, "pictures"):  # Other commands may write elsewhere.
                        remove_partial(folder / name)


def _take(folder: Path, holds: ExitStack) -> bool:
    """Make a folder, or take one that nobody uses, and hold it; return whether that went well."""
    is_new = True
    try:
        folder.mkdir(parents=True)  # Another run, refused, may have removed the empty root.
    except FileExistsError:
        is_new = False
    with ExitStack() as own:
        try:
            locked = own.enter_context(held(folder))
        except (BlockingIOError, FileNotFoundError):  # Another run has it, or has just removed it.
            return False
        except OSError:
            if is_new:
                with suppress(OSError):
                    folder.rmdir()
            raise
        if not is_new and not (locked and is_unused(folder)):
            return False
        remove_partial(folder, deep=False)
        holds.enter_context(own.pop_all())
    return True


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
    command: str, root: Path | None, default: Path, checkpoint: Path | None, holds: ExitStack
) -> tuple[Path, bool]:
    """Make the folder for what a command writes; return it, and whether it is new.

    A training that goes on writes where it began, and other commands beside its checkpoints. All
    else lies below ``root``: trainings in ``version_N``, the rest by the name of the command.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        root: The user's folder of runs, if there is one.
        default: Folder of runs otherwise.
        checkpoint: What the command starts from, if there is one.
        holds: What gives a new run's folder back to others when it is closed.

    Raises:
        InputError: Nothing can be written into it, or ``root`` is an address.
    """
    chosen = default if root is None else root
    require_here(chosen, "--trainer.default_root_dir")
    if checkpoint is not None:
        folder = run_folder(checkpoint)
        if command != "fit":
            folder = folder / command if root is None else root
    elif command == "fit":
        first = is_first_process()
        # Another process learns the folder once all have met.
        return (writable(new_version(chosen, holds)) if first else chosen / "version_0"), first
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
