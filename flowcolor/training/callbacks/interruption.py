"""Let Ctrl-C end a training where it can be continued."""

import signal
import threading
from typing import Any

from lightning import Callback, Trainer


class Interruption(Callback):
    """End a training of one process after its batch at Ctrl-C, and a second time at once.

    Inside of a batch, weights, averages and the trainer's counters contradict each other.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._came = False

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        before = signal.getsignal(signal.SIGINT)
        in_main = threading.current_thread() is threading.main_thread()
        # Several processes would end after different batches, and wait for each other.
        if trainer.world_size == 1 and in_main and callable(before):

            def end_after_batch(_number: int, _frame: Any) -> None:
                self._stop_waiting()
                self._came = True
                own: Any = trainer  # What Lightning itself does at SIGTERM, which Windows lacks.
                own._signal_connector.received_sigterm = True

            self._before = signal.signal(signal.SIGINT, end_after_batch)

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._stop_waiting()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._stop_waiting()
        if self._came and exception.__cause__ is None:
            exception.__cause__ = KeyboardInterrupt()

    def _stop_waiting(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
