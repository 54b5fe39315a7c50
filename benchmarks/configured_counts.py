"""What one system costs that a configuration trains, counted on tensors without numbers."""

from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.answers import without_numbers
from benchmarks.coltran_gmacs import coltran_gmacs
from benchmarks.configured import Configured, loss_of
from benchmarks.systems import MB, Row, live, settle_all
from flowcolor.data.batch import Batch
from flowcolor.evaluation.operations import count_operations
from flowcolor.models import Colorizer, ColTran, Palette
from flowcolor.training.objectives.base import colorize_batch
from flowcolor.training.task import Task


def count(system: Configured, batches: Sequence[int]) -> Row:
    """Return parameters, GMACs of one picture, and MB per image: the slope of two batches."""
    real = system.batch(2)
    row: Row = {"configuration": system.name, "side": real["content"].shape[-1]}
    with without_numbers():
        task = system.task()
        settle_all(task)
        row["parameters M"] = sum(p.numel() for p in task.colorizer.parameters()) / 1e6
        row["trained M"] = sum(p.numel() for p in task.parameters() if p.requires_grad) / 1e6
        step_of(task, like(real, 1))  # What is built at the first step is not held by each.
        found = [step_of(task, like(real, number)) for number in batches]
        for kind in ("held", "peak"):
            row[kind] = (found[1][kind] - found[0][kind]) / (batches[1] - batches[0]) / MB
        row["GMACs"] = _gmacs(task.colorizer.eval(), like(real, 1)) if system.last else None
    return row


def step_of(task: Task, batch: Batch) -> dict[str, int]:
    """Return the bytes that a training step holds, and the most that are alive."""
    return live(task, lambda: loss_of(task, batch))


@torch.no_grad()
def _gmacs(colorizer: Colorizer, batch: Batch) -> float:
    passes = 1
    if isinstance(colorizer, Palette):  # Its passes are all alike.
        passes, colorizer.levels = len(colorizer.levels), [0.5]
    if isinstance(colorizer, ColTran):
        return coltran_gmacs(colorizer)
    return passes * count_operations(lambda: colorize_batch(colorizer, batch))["all"]


def like(batch: Batch, count: int) -> Any:
    """Return a batch of another number of samples, as new tensors of the same shapes."""
    return {
        key: torch.zeros(count, *value.shape[1:], dtype=value.dtype)
        if isinstance(value, torch.Tensor)
        else ["name"] * count
        for key, value in batch.items()
    }
