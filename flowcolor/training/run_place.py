"""The folder that a command writes to: made early, and removed if nothing comes of it."""

import shutil
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from lightning import Trainer

from flowcolor.io.alone import alone
from flowcolor.io.files import exists
from flowcolor.io.new_folders import remove_empty
from flowcolor.training.run_folder import (
    CHECKPOINTS,
    choose_folder,
    is_first_process,
    log_folder,
)
from flowcolor.uninterrupted import uninterrupted

ROOT = "--trainer.default_root_dir"


class RunPlace:
    """The folder of one command.

    Args:
        command: ``fit``, ``validate``, ``test`` or ``predict``.
        holds: What gives a new run's folder back to others when it is closed.

    Attributes:
        folder: The folder that was made; empty path before.
    """

    def __init__(self, command: str, holds: ExitStack) -> None:
        self.command = command
        self.folder = Path()
        self._holds = holds
        self._written = Path()
        self._is_new = False
        self._missing: list[Path] = []

    def choose(self, root: Path | None, default: Path, checkpoint: Path | None) -> None:
        """Make the folder, and try it.

        Args:
            root: The user's folder of runs, if there is one.
            default: Folder of runs otherwise.
            checkpoint: What the command starts from, if there is one.

        Raises:
            InputError: Nothing can be written into it.
        """
        place = default if root is None else root
        self._missing = [folder for folder in (place, *place.parents) if not exists(folder)]
        with uninterrupted():
            self.folder, self._is_new = choose_folder(
                self.command, root, default, checkpoint, self._holds
            )
            self._written = self.folder

    def written(self, trainer: Trainer) -> Path:
        """Return where the run writes: what it was given, or where a logger of the user's does."""
        if self.command == "fit" or trainer.loggers:
            return log_folder(trainer)
        return self.folder

    def move(self, trainer: Trainer) -> Path:
        """Return where the run writes; where a logger of the user's does, leave no empty folder."""
        folder = self.written(trainer)
        if self._is_new and folder != self.folder:
            self._holds.close()
            remove_empty([self.folder, *self._missing])
            self._written, self._is_new = folder, not exists(folder)
        return folder

    def alone(self, trainer: Trainer) -> AbstractContextManager[None]:
        """Let no other process go on with this run, or write the results of a test to its place."""
        # Of the processes of one run, the first holds the folder; loggers look into one of theirs.
        holds = is_first_process() and self.written(trainer) == self.folder
        goes_on = self.command == "fit" and not self._is_new
        if not holds or not (goes_on or self.command in {"test", "predict"}):
            return nullcontext()  # A new run holds its folder already.
        return alone(self.folder, f"flowcolor {self.command}", ROOT, (CHECKPOINTS, "images"))

    def leave_no_trace(self, began: bool) -> None:
        """Remove the folder of a run that never began; what one that did has written is kept.

        Args:
            began: Whether a training did; of other commands, what they wrote says so.
        """
        if not self._is_new:
            return
        if self.command != "fit":
            began = any(path.suffix in {".png", ".json"} for path in self._written.rglob("*"))
        if began or exists(self._written / CHECKPOINTS):
            return
        with uninterrupted():
            shutil.rmtree(self._written, ignore_errors=True)
            remove_empty(self._missing)
            self._is_new = False  # Another run may make it again.
