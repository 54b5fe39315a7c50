"""Two processes end before the same batch, whichever of them is asked to."""

import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.trainer.connectors.signal_connector import _SignalConnector
from lightning.pytorch.utilities.exceptions import SIGTERMException
from torch import distributed

from flowcolor.ending import heeding_signals
from flowcolor.training.callbacks.interruption import Interruption
from flowcolor.training.lightning_cli import TrainingCLI

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def reduce(tensor, reduce_op):
    assert reduce_op == "max"
    distributed.all_reduce(tensor, distributed.ReduceOp.MAX)
    return tensor


def trainer_of_two(agree):
    """Return what the callback asks of a trainer, and the progress of its batches."""
    counted = SimpleNamespace(ready=0), SimpleNamespace(ready=0)
    progress = SimpleNamespace(total=counted[0], current=counted[1], is_last_batch=False)
    loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
    strategy = SimpleNamespace(reduce=agree)
    return SimpleNamespace(world_size=2, strategy=strategy, fit_loop=loop), progress


def batches_before_the_end(rank, asked, number):
    """Return after how many batches a process ends, and whether by Ctrl-C."""
    # The server that starts these processes may itself be one that takes no signals.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: None)
    trainer, progress = trainer_of_two(reduce)
    callback, module = Interruption(), SimpleNamespace(device=torch.device("cpu"))
    callback.on_train_start(trainer, module)
    try:
        for batch in range(5):
            progress.total.ready += 1
            progress.current.ready += 1
            progress.is_last_batch = batch == 3
            callback.on_train_batch_start(trainer, module, None, batch)
            if rank == asked and batch == 2:
                signal.raise_signal(number)
    except SIGTERMException as error:
        callback.on_exception(trainer, module, error)
        assert progress.total.ready == progress.current.ready
        assert not progress.is_last_batch  # Else an epoch of one batch would be over.
        return progress.total.ready, isinstance(error.__cause__, KeyboardInterrupt)
    return None


@pytest.mark.parametrize("asked", [0, 1])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_of_two_processes_end_after_the_same_batch(run_on_ranks, asked, number):
    ends = run_on_ranks(batches_before_the_end, [(rank, asked, number) for rank in range(2)])
    assert ends == [(3, number == signal.SIGINT)] * 2


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_comes_while_the_processes_agree_is_not_lost(number):
    def meanwhile(tensor, reduce_op):
        if not came:
            came.append(number)
            signal.raise_signal(number)
        return tensor

    came = []
    trainer, _ = trainer_of_two(meanwhile)
    callback, module = Interruption(), SimpleNamespace(device=torch.device("cpu"))
    before = [signal.signal(each, _answer) for each in SIGNALS]  # They might be ignored.
    try:
        callback.on_train_start(trainer, module)
        callback.on_train_batch_start(trainer, module, None, 0)
        with pytest.raises(SIGTERMException):
            callback.on_train_batch_start(trainer, module, None, 1)
        callback.on_train_end(trainer, module)
    finally:
        for each, handler in zip(SIGNALS, before, strict=True):
            signal.signal(each, handler)
    assert came


def test_sigterm_before_a_training_ends_the_processes_that_would_wait_for_it():
    """One that is started by command, and nobody has joined, waits for half an hour."""
    sent = []
    strategy = SimpleNamespace(launcher=SimpleNamespace(kill=sent.append))
    cli = SimpleNamespace(trainer=SimpleNamespace(strategy=strategy))
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with heeding_signals(), TrainingCLI._sigterm(cli):
            assert callable(signal.getsignal(signal.SIGTERM))  # Else this process would end.
            with pytest.raises(SystemExit, match="143"):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert sent == [signal.SIGKILL]


@pytest.mark.parametrize("end", ["on_train_end", "on_exception"])
@pytest.mark.parametrize("processes", [1, 2])
def test_signals_are_answered_as_before_when_a_training_is_over(end, processes):
    at_first = [signal.signal(number, _answer) for number in SIGNALS]  # They might be ignored.
    try:
        during, after = _answers_during_and_after_a_training(end, processes)
    finally:
        for number, own in zip(SIGNALS, at_first, strict=True):
            signal.signal(number, own)
    assert [answer is _answer for answer in during] == [False, processes == 1]
    assert after == [_answer, _answer]


@pytest.mark.parametrize(
    ("hook", "command", "processes", "at_once"),
    [
        ("on_sanity_check_start", "fit", 1, False),  # Lightning notes it, and no batch is lost.
        ("on_sanity_check_start", "fit", 2, True),
        ("on_validation_start", "fit", 2, False),
        ("on_validation_start", "validate", 2, True),
        ("on_test_start", "test", 2, True),
        ("on_predict_start", "predict", 1, True),
    ],
)
def test_sigterm_is_taken_from_lightning_where_nothing_can_be_continued(
    hook, command, processes, at_once
):
    """Lightning tells other processes amid what they send each other, and all wait for ever."""
    connector = SimpleNamespace(_original_handlers={signal.SIGTERM: _answer})
    state = SimpleNamespace(fn=command)
    trainer = SimpleNamespace(world_size=processes, state=state, _signal_connector=connector)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        getattr(Interruption(), hook)(trainer, None)
        assert (signal.getsignal(signal.SIGTERM) is _answer) == at_once
    finally:
        signal.signal(signal.SIGTERM, before)


def test_lightning_answers_sigterm_in_none_of_several_processes():
    """Before the first batch, as while loaders start, it would tell the others."""
    strategy = SimpleNamespace(launcher=None, root_device=torch.device("cpu"))
    accelerator = SimpleNamespace(cluster_environment=None)
    trainer = SimpleNamespace(
        world_size=2, local_rank=0, strategy=strategy, _accelerator_connector=accelerator
    )
    trainer._signal_connector = connector = _SignalConnector(trainer)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # As in a process that was forked.
    try:
        Interruption().setup(trainer, None, "fit")
        connector.register_signal_handlers()
        with pytest.raises(SystemExit, match="143"):
            signal.raise_signal(signal.SIGTERM)
        assert not connector.received_sigterm
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("hook", ["on_train_start", "on_test_start"])
def test_in_a_thread_where_python_takes_no_answer_signals_stay_as_they_are(hook):
    connector = SimpleNamespace(_original_handlers={signal.SIGTERM: _answer})
    trainer = SimpleNamespace(world_size=1, _signal_connector=connector)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(getattr(Interruption(), hook), trainer, None).result()
    assert signal.getsignal(signal.SIGTERM) is not _answer


def _answer(number, frame):
    raise AssertionError


def _answers_during_and_after_a_training(end, processes):
    callback, trainer = Interruption(), SimpleNamespace(world_size=processes)
    callback.on_train_start(trainer, None)
    during = [signal.getsignal(number) for number in SIGNALS]
    arguments = (ValueError(),) if end == "on_exception" else ()
    getattr(callback, end)(trainer, None, *arguments)
    return during, [signal.getsignal(number) for number in SIGNALS]
