"""The other processes of a training, which Lightning starts: what ends one ends all."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import wait
from typing import Any

from lightning import Trainer
from lightning.pytorch.strategies.launchers import (
    _MultiProcessingLauncher,
    _SubprocessScriptLauncher,
)
from lightning.pytorch.trainer.call import _interrupt
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import distributed
from torch.multiprocessing.spawn import ProcessExitedException

from flowcolor.console import complain
from flowcolor.ending import ctrl_c_waits
from flowcolor.errors import InputError
from flowcolor.uninterrupted import uninterrupted

_FIRST = "FLOWCOLOR_FIRST_PROCESS"
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has one way only.
_PATIENCE = 5.0  # Seconds in which a process may notice by itself that another one has gone.
_PAUSE = 0.2


class Launcher(_SubprocessScriptLauncher):
    """Starts the other processes, and ends with one that fails.

    This process may wait for one that has never come, in C++, where no signal reaches it.
    Lightning's own kills it then: its new folder stays, and its status does not say why.

    Args:
        theirs: Lightning's own.
        tidy: Removes what a training has left that never began.
    """

    def __init__(self, theirs: _SubprocessScriptLauncher, tidy: Callable[[], None]) -> None:
        super().__init__(theirs.cluster_environment, theirs.num_processes, theirs.num_nodes)
        self._started: list[Any] = []
        self._over = threading.Event()
        self._tidy = tidy

    def launch(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the function on all; where it raises here, that is what ends this process."""
        try:
            return super().launch(function, *args, **kwargs)
        except BaseException:
            self._over.set()
            raise

    def kill(self, signum: Any) -> None:
        """Send the others a signal."""
        if signum == _KILL:
            self._over.set()
        for process in (*self._started, *self.procs):
            process.send_signal(signum)

    def end(self, patience: float = 0.0) -> None:
        """End with the status of another process that has failed, if there is one.

        Args:
            patience: Seconds to wait for its end.

        Raises:
            SystemExit: One has.
        """
        until = time.monotonic() + patience
        while (failed := self._failed()) is None:
            if time.monotonic() > until:
                return
            time.sleep(_PAUSE)
        self.kill(_KILL)
        _end_as(*failed, self.num_processes)

    def _call_children_scripts(self) -> None:
        os.environ[_FIRST] = str(os.getpid())
        with ctrl_c_waits():
            super()._call_children_scripts()
        self._started, self.procs = self.procs, []  # Those that are left, Lightning watches.
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._failed() is None:
            if self._over.wait(_PAUSE):
                return
        # Before they have met, it waits for the one that has gone.
        if self._over.wait(_PATIENCE if distributed.is_initialized() else _PAUSE):
            return
        try:
            self.end()
        except SystemExit as stop:
            self._tidy()
            os._exit(int(str(stop.code)))

    def _failed(self) -> tuple[int, int] | None:
        for number, process in enumerate(self._started, 2):
            status = process.poll()
            if status:
                return number, status
        return None


class ForkLauncher(_MultiProcessingLauncher):
    """Forks the processes, each of which ends as a command of its own does.

    Lightning lets the first process alone tell its callbacks of an end, and that one trains nothing
    here; where the others are interrupted, it waits for a result that never comes.
    """

    def __init__(self, *args: Any) -> None:
        self._starting = ExitStack()
        super().__init__(*args)

    @property
    def procs(self) -> list[Any]:
        """Those that have been forked, which Lightning sets once all are."""
        return self._forked

    @procs.setter
    def procs(self, processes: list[Any]) -> None:
        self._forked = processes
        self._starting.close()

    def launch(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the function in all, and end them with this process."""
        try:
            with self._starting as starting:
                # One that is forked while this process is interrupted would be known to nobody.
                starting.enter_context(uninterrupted())
                return super().launch(function, *args, **kwargs)
        except (KeyboardInterrupt, SystemExit):
            self._end()
            raise

    def _end(self) -> None:
        """End the processes after their batch, and wait for them: they write into the folder."""
        self.kill(signal.SIGTERM)  # A second Ctrl-C would end them at once.
        if self.procs:
            wait([process.sentinel for process in self.procs])
        until = time.monotonic() + _PATIENCE
        for process in self.procs:
            process.join(max(0.0, until - time.monotonic()))
        self.kill(_KILL)  # What waits for one that has gone, in C++.

    def _wrapping_function(self, process_idx: int, trainer: Any, *args: Any) -> None:
        try:
            self._starting.close()
            # Until all have met, they wait for each other in C++, where no handler is called.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            super()._wrapping_function(process_idx, trainer, *args)
        except BaseException as error:
            _interrupt(trainer, error)
            # torch terminates the others once one has ended, and Lightning would answer by telling
            # that one.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if isinstance(error, SIGTERMException):  # All have agreed to end.
                trainer.strategy.barrier()
            if isinstance(error, InputError):
                complain(f"flowcolor: {error}")
                sys.exit(2)
            if isinstance(error, SIGTERMException | KeyboardInterrupt):
                is_term = isinstance(error, SIGTERMException) and error.__cause__ is None
                sys.exit(128 + (signal.SIGTERM if is_term else signal.SIGINT))
            if _is_about_others(error):
                time.sleep(_PATIENCE)  # That one should be the first to end.
            raise


def end_together(trainer: Trainer, tidy: Callable[[], None]) -> None:
    """Let the processes that a trainer starts, and that which starts them, end with each other.

    Args:
        trainer: It has not started any.
        tidy: See :class:`Launcher`.
    """
    strategy: Any = trainer.strategy
    if type(strategy.launcher) is _SubprocessScriptLauncher:
        strategy._launcher = Launcher(strategy.launcher, tidy)  # No public way.
    elif type(strategy.launcher) is _MultiProcessingLauncher:
        strategy._launcher = ForkLauncher(strategy, strategy.launcher._start_method)
    if _is_started():
        threading.Thread(target=_follow, daemon=True).start()


def end_as_others(trainer: Trainer, error: Exception) -> None:
    """End as another process did, where an error says no more than that it has gone.

    Raises:
        SystemExit: Another process has ended, and has said why.
    """
    launcher: Any = trainer.strategy.launcher
    if isinstance(error, ProcessExitedException):
        _end_as(error.error_index + 1, error.exit_code, len(launcher.procs))
    if not _is_about_others(error):
        return
    if isinstance(launcher, Launcher):
        launcher.end(_PATIENCE)
    if _is_started():
        time.sleep(_PATIENCE)  # The first process ends, and this one with it.


def _is_about_others(error: BaseException) -> bool:
    return isinstance(error, distributed.DistError) or "gloo" in str(error)


def _end_as(number: int, status: int, processes: int) -> None:
    """End as another process did, of which Python knows the status."""
    status = status if status > 0 else 128 - status  # It was a signal.
    if status not in {2, 128 + signal.SIGINT, 128 + signal.SIGTERM}:  # It has said it, or need not.
        how = f"ended with status {status}, which it says above"
        if status == 128 + _KILL:
            how = "was killed, perhaps because memory ran out"
        complain(f"flowcolor: process {number} of {processes} {how}: all end with it.")
    raise SystemExit(status)


def _is_started() -> bool:
    """Tell whether this process was started by the first one of its training."""
    return os.name == "posix" and _FIRST in os.environ and os.environ.get("LOCAL_RANK", "0") != "0"


def _follow() -> None:
    # Before they meet, it would wait for the first process for half an hour.
    while str(os.getppid()) == os.environ[_FIRST]:
        time.sleep(_PAUSE)
    os._exit(1)
