"""Wait with an interruption until something is done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait until the body is over.

    A process that is interrupted while it starts another leaves it without what it should do, and
    the other one says so in a traceback. What is started in the body takes no such signals at all:
    it should end with its parent.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals interrupt the main thread only.
        return
    came: list[int] = []

    def remember(number: int, _frame: Any) -> None:
        came.append(number)

    before = {number: signal.signal(number, remember) for number in _SIGNALS}
    masks = hasattr(signal, "pthread_sigmask")  # Not on Windows.
    try:
        # Inherited by a process that is started: its handlers are not set up yet.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS) if masks else set()
        try:
            yield
        finally:
            if masks:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for late in came:
        signal.raise_signal(late)
