"""The folder of a training: one process makes it, and all processes of the run know it."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_only

from flowcolor.errors import InputError


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
        root.mkdir(parents=True, exist_ok=True)
        numbers = [path.name.removeprefix("version_") for path in root.glob("version_*")]
        taken = [int(number) for number in numbers if number.isdecimal()]
        for number in count(max(taken, default=-1) + 1):
            folder = root / f"version_{number}"
            try:
                folder.mkdir(exist_ok=False)
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise InputError(
            f"The folder of the run below {root} cannot be written ({error})."
        ) from error
    raise AssertionError  # There is always a further number.


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
