"""Let signals end a training where it can be continued."""

import signal
import threading
from typing import Any

import torch
from lightning import Callback, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities.exceptions import SIGTERMException

from flowcolor.ending import Ending


class Interruption(Callback):
    """End a training after its batch at Ctrl-C, and a second time at once.

    Other commands have nothing to save, and SIGTERM ends them at once. Lightning would be deaf to
    it once the last batch is coloured, however long the scores take.

    Inside of a batch, weights, averages and the trainer's counters contradict each other. Several
    processes agree before each batch, at SIGTERM, too: Lightning lets each tell the others in the
    middle of what they send each other, and they wait for each other for ever.
    """

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._came = 0

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if trainer.world_size == 1 or not _may_answer():
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # As in one that was forked.
            signal.signal(signal.SIGTERM, Ending())
        # Before and after the batches, it would tell the others.
        own: Any = trainer
        own._signal_connector._sigterm_notifier_fn = lambda *_: self._end_at_once(trainer)

    def on_sanity_check_start(self, trainer: Trainer, pl_module: Any) -> None:
        if trainer.world_size > 1:  # The processes would wait for each other here, too.
            self._end_at_once(trainer)

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        if trainer.state.fn != TrainerFn.FITTING:
            self._end_at_once(trainer)

    def on_test_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._end_at_once(trainer)

    def on_predict_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._end_at_once(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        if not _may_answer():
            return
        alone = trainer.world_size == 1

        def end_after_batch(number: int, _frame: Any) -> None:
            self._came = number
            if alone:
                own: Any = trainer  # As Lightning itself does at SIGTERM; it has no public way.
                own._signal_connector.received_sigterm = True
            if number == signal.SIGINT:
                signal.signal(number, self._before.pop(number))

        for number in (signal.SIGINT,) if alone else (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if callable(before):  # Else it is ignored, as in what a shell runs in the background.
                self._before[number] = signal.signal(number, end_after_batch)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.world_size > 1:
            own = torch.tensor(self._came, device=pl_module.device)
            agreed = int(trainer.strategy.reduce(own, reduce_op="max"))
            if agreed:  # After the batch some could be validating while others are not.
                self._came = agreed  # One that has come meanwhile waits for the next batch.
                batches: Any = trainer.fit_loop.epoch_loop.batch_progress
                batches.total.ready -= 1
                batches.current.ready -= 1
                batches.is_last_batch = False  # Else it would not be waited for any more.
                raise SIGTERMException

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._stop_waiting()

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        self._stop_waiting()
        if self._came == signal.SIGINT and exception.__cause__ is None:
            exception.__cause__ = KeyboardInterrupt()

    def _end_at_once(self, trainer: Any) -> None:
        """Take SIGTERM back from Lightning."""
        known: Any = getattr(trainer._signal_connector, "_original_handlers", {})  # No public way.
        before = known.get(signal.SIGTERM)
        if _may_answer() and callable(
            before
        ):  # Else it would end this process with nothing cleaned up.
            signal.signal(signal.SIGTERM, before)

    def _stop_waiting(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()


def _may_answer() -> bool:
    """Tell whether Python lets this thread say what signals do."""
    return threading.current_thread() is threading.main_thread()
