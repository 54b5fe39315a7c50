"""A few steps of a task without files: in this process, or on two processes and on one."""

import multiprocessing
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Callback, Trainer
from torch.testing import assert_close
from torch.utils.data import DataLoader

from flowcolor.training.quiet import quiet
from flowcolor.training.task import Task

_PROCESSES = ("0 of 2", "1 of 2", "0 of 1")


def fit(
    task: Task,
    samples: Sequence[Any],
    processes: int = 1,
    batch: int = 2,
    validated: Sequence[Any] = (),
    checkpoint: Path | None = None,
    **options: Any,
) -> Trainer:
    """Train one epoch, with two samples a step if not told otherwise, in their order.

    Or what is left of it after a checkpoint.
    """
    silent = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    once = {"strategy": "ddp_fork" if processes > 1 else "auto", "max_epochs": 1}
    options = silent | once | options
    with quiet():
        warnings.filterwarnings("ignore", ".*have no `val_dataloader`")
        trainer = Trainer(
            accelerator="cpu",
            devices=processes,
            enable_model_summary=False,
            **options,
        )
        held_out = DataLoader(validated) if validated else None
        loader = DataLoader(samples, batch_size=batch // processes)
        trainer.fit(task, loader, held_out, ckpt_path=checkpoint)
    return trainer


def weights_of_two_and_of_one(
    make: Callable[[], tuple[Task, Sequence[Any]]], folder: Path, batch: int = 2
) -> list[dict[str, torch.Tensor]]:
    """Return the weights of either of two processes, and of one that had both their samples.

    Args:
        make: Builds the task and its samples; a function of a module, as it goes to a process.
        folder: For what the processes have to say.
        batch: Samples of a step, of all processes together.
    """
    forking = multiprocessing.get_context("forkserver")
    process = forking.Process(target=_train, args=(make, folder, batch))
    process.start()
    process.join(200)
    process.kill()
    assert process.exitcode == 0
    return [torch.load(folder / f"{name}.pt") for name in _PROCESSES]


def assert_two_are_as_one(
    make: Callable[[], tuple[Task, Sequence[Any]]], folder: Path, **tolerances: float
) -> None:
    """Check that both of two processes end with the weights of one, and not with those at first.

    And with the numbers that a training logs, by which it may end or lower its rate.
    """
    first, second, one = weights_of_two_and_of_one(make, folder)
    start = make()[0].state_dict()
    assert any(not torch.equal(start[name], value) for name, value in one.items())
    for name, value in one.items():
        assert torch.equal(first[name], second[name]), name
        assert_close(first[name], value, msg=name, **tolerances)
    logged = [torch.load(folder / f"numbers of {name}.pt") for name in _PROCESSES]
    assert logged[0] == logged[1]
    assert logged[0] == pytest.approx(logged[2], rel=1e-3, abs=1e-5)


class _Keeper(Callback):
    def __init__(self, folder: Path):
        self.folder = folder

    def on_train_end(self, trainer, pl_module):
        name = f"{trainer.global_rank} of {trainer.world_size}.pt"
        torch.save(pl_module.state_dict(), self.folder / name)
        numbers = {key: float(value) for key, value in trainer.callback_metrics.items()}
        torch.save(numbers, self.folder / f"numbers of {name}")


def _train(make: Callable[[], tuple[Task, Sequence[Any]]], folder: Path, batch: int) -> None:
    torch.set_num_threads(1)
    for processes in (2, 1):  # Two first: threads of autograd do not survive a fork.
        fit(*make(), processes, batch, callbacks=[_Keeper(folder)])
