"""Training that stores the inputs of layers and evaluates the layers again."""

import torch
from torch import Tensor
from torch.compiler import is_compiling, is_exporting
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

from flowcolor.layers.base import InvertibleLayer, Result, Step
from flowcolor.layers.reversible.buffers import Buffers
from flowcolor.layers.reversible.several_steps import as_list
from flowcolor.layers.reversible.snapshot import Snapshot
from flowcolor.layers.reversible.torch_private import (
    holds_sharded,
    in_transform,
    is_sharded,
    is_traced,
    parts_of,
)
from flowcolor.values import outside_inference


def may_save_memory() -> bool:
    """Tell whether a backward pass may follow that knows of memory modes.

    Transforms of ``torch.func`` know of none. Exported and traced programs, which may be trained
    on, are what ran, and not how it would have been differentiated.
    """
    plain = in_transform() or is_exporting() or is_traced()
    return torch.is_grad_enabled() and not plain


def run_checkpointed(step: Step, x: Tensor) -> Result:
    """Run a layer without storing what is inside.

    One that is, or holds, a chain that saves memory in its own way is left to itself: its layers
    would be evaluated once more for each level of nesting.

    Raises:
        RuntimeError: If the layer changes a buffer, as batch normalisation does in training mode;
            in the backward pass, if what it was called with has been written to.
    """
    parts = parts_of(step.layer)
    if any(map(_saves_memory, parts)):
        return step.run(x)
    if is_compiling():  # Compilers know no versions of tensors.
        compiled: Result = checkpoint(step.run, x, use_reentrant=False)
        return compiled
    buffers = Buffers(step.layer, parts)
    sharded = is_sharded(step.layer) or holds_sharded(step.layer)
    run = step.run if sharded else _Again(step)
    # To its end: what an operator keeps, as the slopes that RReLU draws, may be written late in it.
    with set_checkpoint_early_stop(False):
        result: Result = checkpoint(run, x, use_reentrant=False)
    buffers.refuse_changes("checkpoint")
    if isinstance(run, _Again):
        run.then.close(*as_list(step.condition))  # The input is watched by torch.
    return result


class _Again:
    """A step that, called again, is run as it was the first time.

    A sharded layer is not for it: it gathers its parameters by itself, whenever it is called.
    """

    def __init__(self, step: Step) -> None:
        self.then = Snapshot(step.layer)
        self._step = step
        self._called = False

    def __call__(self, x: Tensor) -> Result:
        if self._called:
            with outside_inference():  # Which could surround the backward pass.
                return self.then.run(self._step.run, x)
        self._called = True
        return self._step.run(x)


def _saves_memory(part: object) -> bool:
    return isinstance(part, InvertibleLayer) and getattr(part, "memory", "none") != "none"
