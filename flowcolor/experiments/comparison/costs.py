"""What a method costs: parameters, and how long it was really trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from flowcolor.models.checkpoint import read_checkpoint

#: Long enough to have no effect: Lightning's clock runs only beside a limit, and its state is what
#: counts the minutes over interruptions.
NO_LIMIT = "3650:00:00:00"


def parameters(model: nn.Module) -> int:
    """Return how many numbers a training finds."""
    return sum(parameter.numel() for parameter in model.parameters())


def training_costs(checkpoints: Sequence[Path]) -> dict[str, float]:
    """Return ``steps``, batches that moved the weights, and ``minutes`` of a training's stages.

    Minutes are those between the first batch and the last, validation included, over all
    interruptions; they are missing where the training had no limit of time.

    Args:
        checkpoints: The last of each stage.

    Raises:
        InputError: A file is no checkpoint.
    """
    found = [_costs(checkpoint) for checkpoint in checkpoints]
    return {
        name: sum(costs[name] for costs in found)
        for name in ("minutes", "steps")
        if all(name in costs for costs in found)
    }


def _costs(checkpoint: Path) -> dict[str, float]:
    content = read_checkpoint(checkpoint)
    # Lightning counts the steps of each optimizer.
    optimizers = max(1, len(content.get("optimizer_states", ())))
    costs = {"steps": float(content.get("global_step", 0) // optimizers)}
    clock: Any = content.get("callbacks", {}).get("Timer", {})
    seconds = clock.get("time_elapsed", {}).get("train")
    return costs if seconds is None else costs | {"minutes": seconds / 60}
