"""Training that stores the inputs of layers and evaluates the layers again."""

from torch import Tensor
from torch.compiler import is_compiling
from torch.utils.checkpoint import checkpoint

from flowcolor.layers.base import InvertibleLayer, Result, Step
from flowcolor.layers.reversible.buffers import Buffers


def run_checkpointed(step: Step, x: Tensor) -> Result:
    """Run a layer without storing what is inside.

    One that is, or holds, a chain that saves memory in its own way is left to itself: its layers
    would be evaluated once more for each level of nesting.

    Raises:
        RuntimeError: If the layer changes a buffer, as batch normalisation does in training mode.
    """
    if any(map(_saves_memory, step.layer.modules())):
        return step.run(x)
    if is_compiling():  # Compilers know no versions of tensors.
        compiled: Result = checkpoint(step.run, x, use_reentrant=False)
        return compiled
    buffers = Buffers(step.layer)
    result: Result = checkpoint(step.run, x, use_reentrant=False)
    buffers.refuse_changes("checkpoint")
    return result


def _saves_memory(part: object) -> bool:
    return isinstance(part, InvertibleLayer) and getattr(part, "memory", "none") != "none"
