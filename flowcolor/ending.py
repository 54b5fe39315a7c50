"""Ctrl-C and SIGTERM: what is half-written is removed, and no import forgets them."""

import _thread
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_PATIENCE = 0.3  # Seconds in which an exception that nobody has swallowed reaches the command.
_IMPORTING = "<frozen importlib"
_TORCH = f"{os.sep}torch{os.sep}"


class Ending:
    """Raises at a signal, and again where an import has swallowed that.

    numpy and torch import each other from C, which forgets an interrupt, or makes an
    ``ImportError`` of it.
    """

    def __init__(self) -> None:
        self.interrupted_import = False
        self._again: threading.Timer | None = None
        self._lock = threading.RLock()  # A handler may interrupt :meth:`stop`.

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: It is Ctrl-C.
            SystemExit: It is SIGTERM.
        """
        if _is_importing(frame):
            self.interrupted_import = number == signal.SIGINT
            self.stop()
            self._again = threading.Timer(_PATIENCE, self._raise_again, (number,))
            self._again.daemon = True
            self._again.start()
            if _is_forgotten(frame) or _may_abort(frame):
                return  # A traceback would be printed, and nothing raised.
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def stop(self) -> None:
        """Raise no more of what was raised."""
        with self._lock:
            if self._again is not None:
                self._again.cancel()
            self._again = None

    def _raise_again(self, number: int) -> None:
        # Locked: after the end, when the usual handlers are back, the signal would kill.
        with self._lock:
            if self._again is threading.current_thread():
                _send(number)


def _send(number: int) -> None:
    """Send a signal to the main thread, which may sit in a call of the system for hours."""
    if not callable(signal.getsignal(number)):
        return  # It would end the process at once.
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


@contextmanager
def heeding_signals() -> Iterator[Ending]:
    """Let Ctrl-C and SIGTERM raise as :class:`Ending` does, unless others handle them."""
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending  # Only the main thread is given signals.
        return
    usual: dict[int, Callable[..., Any] | int] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    mine = [number for number, handler in usual.items() if signal.getsignal(number) == handler]
    for number in mine:
        signal.signal(number, ending)
    try:
        yield ending
    finally:
        ending.stop()
        for number in mine:
            signal.signal(number, usual[number])


@contextmanager
def sigterm_for_others(end_first: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Give SIGTERM to those who would, as Lightning, call its handler after their own.

    It raises as before until they take it, and once they have given it back.

    Args:
        end_first: Called before it raises, as to end processes that would outlive this one.
    """
    before = signal.getsignal(signal.SIGTERM)
    if not isinstance(before, Ending):
        yield
        return

    def unless_taken(number: int, frame: FrameType | None) -> None:
        if signal.getsignal(number) is unless_taken:
            end_first()
            before(number, frame)

    signal.signal(signal.SIGTERM, unless_taken)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Let Ctrl-C wait in a command that is started in the body, until :func:`let_ctrl_c_through`.

    Python answers with a traceback while it starts, and ends at once before that.
    """
    if not hasattr(signal, "pthread_sigmask"):  # On Windows.
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # It is inherited.
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def let_ctrl_c_through() -> None:
    """Answer to Ctrl-C from now on, and to one that has waited."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def _is_forgotten(frame: FrameType | None) -> bool:
    """Tell whether this is a callback of importlib's, whose exceptions are printed and ignored."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "cb" and code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False


def _may_abort(frame: FrameType | None) -> bool:
    """Tell whether an extension may just be set up, in C++ that must not throw.

    By a module of torch's; or by an import, which otherwise runs the body of a module.
    """
    code = None if frame is None else frame.f_code
    if code is not None and code.co_name == "<module>" and _TORCH in code.co_filename:
        return True
    while frame is not None and frame.f_back is not None:
        called, frame = frame.f_code, frame.f_back
        inside = called.co_name == "<module>" or called.co_filename.startswith(_IMPORTING)
        if frame.f_code.co_filename.startswith(_IMPORTING) and not inside:
            return frame.f_code.co_name == "_call_with_frames_removed"
    return False


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTING):
            return True
        frame = frame.f_back
    return False
