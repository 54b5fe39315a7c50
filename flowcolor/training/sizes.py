"""Which sides of images a training can use."""

from torch import nn

from flowcolor.errors import InputError
from flowcolor.models import Colorizer
from flowcolor.training.objectives.base import Objective


def require_size(size: int, colorizer: Colorizer, objective: Objective | None = None) -> None:
    """Refuse images that the colorizer, or losses and critics of the objective, cannot look at.

    Args:
        size: Side of the images in pixels.
        colorizer: What colours them.
        objective: What trains it, if it is to be trained.

    Raises:
        InputError: It says which sides will do.
    """
    multiple = colorizer.multiple
    least = colorizer.least * multiple
    if size % multiple or size < least:
        raise InputError(
            f"data.size expects a multiple of {multiple} of at least {least} for this model, "
            f"got {size}."
        )
    if objective is not None and size < objective.least:
        parts = [each for each in objective.children() if _least(each) == objective.least]
        # Critics have weights to train, losses have none.
        learning = all(not isinstance(each, Objective) and [*each.parameters()] for each in parts)
        raise InputError(
            f"data.size expects at least {objective.least} for the "
            f"{'critics' if learning else 'loss'} of {type(objective).__name__}, got {size}."
        )


def _least(part: nn.Module) -> int:
    return int(getattr(part, "least", 0))
