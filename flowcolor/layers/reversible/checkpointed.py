"""Training that stores the inputs of layers and evaluates the layers again."""

from torch import Tensor
from torch.utils.checkpoint import checkpoint

from flowcolor.layers.base import Result, Step


def run_checkpointed(step: Step, x: Tensor) -> Result:
    """Run a layer without storing what is inside.

    A chain inside that saves memory in its own way is left to itself.
    """
    if getattr(step.layer, "memory", "none") != "none":
        return step.run(x)
    result: Result = checkpoint(step.run, x, use_reentrant=False)
    return result
