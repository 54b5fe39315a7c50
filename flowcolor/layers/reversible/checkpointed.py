"""Training that stores the inputs of layers and evaluates the layers again."""

from collections.abc import Callable

from torch import Tensor
from torch.utils.checkpoint import checkpoint

from flowcolor.layers.base import Result, Step


def checkpointed(step: Step) -> Callable[[Tensor], Result]:
    """Return what runs a layer without storing what is inside.

    A chain inside that saves memory in its own way is left to itself.
    """

    def run(x: Tensor) -> Result:
        result: Result = checkpoint(step.run, x, use_reentrant=False)
        return result

    return step.run if getattr(step.layer, "memory", "none") != "none" else run
