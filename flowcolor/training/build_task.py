"""From a configuration to the task that trains it."""

from pathlib import Path

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable

from flowcolor.models import Colorizer
from flowcolor.training.adversarial_task import AdversarialTask
from flowcolor.training.alternating_task import AlternatingTask
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.objectives import Alternating, Objective, Paired
from flowcolor.training.objectives.game import Game
from flowcolor.training.task import Interval, Task


def build_task(
    colorizer: Colorizer,
    objective: Objective | None = None,
    optimizer: OptimizerCallable = lambda parameters: torch.optim.Adam(parameters, lr=1e-4),
    scheduler: LRSchedulerCallable | None = None,
    interval: Interval = "epoch",
    weights: Path | None = None,
    average: float | None = None,
) -> Task:
    """Return the task that an objective needs.

    Args:
        colorizer: What to train, to test or to run.
        objective: What training minimises. ``None``: the distance of the thesis,
            :class:`~flowcolor.training.objectives.Paired`.
        optimizer: Builds the optimizer from the parameters.
        scheduler: Builds the learning rate schedule from the optimizer; constant if missing. With
            critics their optimizer gets one, too.
        interval: Whether the schedule advances per epoch or per step.
        weights: A ``.ckpt`` or ``.safetensors`` file to start from: only the weights are taken,
            not the optimizer, the schedule or the epoch. To continue a run, use ``--ckpt_path``.
        average: Decay of an exponential average of the weights, from 0 to below 1, which is what is
            validated, tested and exported; ``None`` for none. See
            :class:`~flowcolor.training.callbacks.average.WeightAverage`.
    """
    objective = Paired() if objective is None else objective
    kind: type[Task] = ColorizationTask
    if isinstance(objective, Game):
        kind = AdversarialTask
    elif isinstance(objective, Alternating):
        kind = AlternatingTask
    return kind(colorizer, objective, optimizer, scheduler, interval, weights, average)
