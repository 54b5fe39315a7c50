r"""Training without stored activations.

A chain of invertible layers needs only its last output: in the backward pass every layer hands its
input, reconstructed from its output, back to the layer before it. The price is one more evaluation
of each sub-network, 4/3 of the arithmetic of ordinary training.

Each layer is one autograd Function whose inputs are the layer's input, its condition and its
parameters, so that hooks, gradient clipping, ``torch.autograd.grad`` and data-parallel reducers see
ordinary gradients. The one activation that is kept travels backwards on a tape that belongs to one
call of the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from flowcolor.layers.base import InvertibleLayer, LogDet


@dataclass
class _Tape:
    """Carries the output of the layer whose backward comes next."""

    output: Tensor | None = None


@dataclass
class Step:
    """One layer of a flattened chain, in the direction it is run."""

    layer: InvertibleLayer
    condition: Tensor | None
    inverse: bool
    keep: bool = False  # Save the output: the last step's, and those of anchors.
    tape: _Tape = field(default_factory=_Tape)

    def run(self, x: Tensor) -> tuple[Tensor, LogDet]:
        """Apply the layer in this step's direction."""
        if self.inverse:
            return self.layer.inverse(x, self.condition)
        result: tuple[Tensor, LogDet] = self.layer(x, self.condition)
        return result


@torch.compiler.disable
def run_reversibly(
    steps: Sequence[Step], x: Tensor, total: LogDet, anchor_every: int | None = None
) -> tuple[Tensor, LogDet]:
    """Run ``steps`` so that autograd keeps their last output alone.

    Args:
        steps: Leaf layers in the order in which they are applied.
        x: Input of the first.
        total: Log-det to add to.
        anchor_every: Keep the state after every so many steps too, which bounds the drift of
            reconstruction in very deep chains.

    Raises:
        RuntimeError: If a layer holds dropout or batch normalisation in training mode, whose
            second evaluation would differ from the first.
    """
    tape = _Tape()
    for number, step in enumerate(steps, start=1):
        _refuse_unrepeatable(step.layer)
        step.tape = tape
        step.keep = number == len(steps) or bool(anchor_every and number % anchor_every == 0)
        params = [p for p in step.layer.parameters() if p.requires_grad]
        x, logdet = _ReversibleStep.apply(step, x, step.condition, *params)
        total = total + logdet
    return x, total


class _ReversibleStep(Function):
    """Run one layer, save nothing but its condition and parameters, and rebuild its input later."""

    @staticmethod
    def forward(
        ctx: Any, step: Step, x: Tensor, condition: Tensor | None, *params: Tensor
    ) -> tuple[Tensor, LogDet]:
        y, logdet = step.run(x)
        if y is x:  # Autograd forbids to return an input; a layer may be the identity.
            y = x.view_as(x)
        ctx.step = Step(step.layer, None, step.inverse, step.keep, step.tape)
        ctx.autocast = _autocast_state(x.device.type)
        # Saved, not held, so that autograd notices when somebody overwrites them.
        ctx.save_for_backward(y if step.keep else None, condition, *params)
        return y, logdet

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y: Tensor, grad_logdet: Tensor) -> tuple[Tensor | None, ...]:
        step: Step = ctx.step
        kept, condition, *params = ctx.saved_tensors
        y = step.tape.output if kept is None else kept
        if y is None:
            raise RuntimeError(
                "Reversible backward expects the layers after it to have run backward first, got "
                "a graph in which they did not."
            )
        if condition is not None:
            condition = condition.detach().requires_grad_(ctx.needs_input_grad[2])
        with torch.autocast(**ctx.autocast):
            x, grad_x, grad_condition, grad_params = step.layer.invert_and_differentiate(
                y.detach(), condition, grad_y, grad_logdet, params, inverse=step.inverse
            )
        step.tape.output = x
        return None, grad_x, grad_condition, *grad_params


def _autocast_state(device: str) -> dict[str, Any]:
    return {
        "device_type": device,
        "enabled": torch.is_autocast_enabled(device),
        "dtype": torch.get_autocast_dtype(device),
        "cache_enabled": False,  # Casts cached in the forward pass would carry no graph here.
    }


def _refuse_unrepeatable(layer: nn.Module) -> None:
    for name, part in layer.named_modules():
        kind = type(part).__name__
        if part.training and isinstance(part, nn.modules.dropout._DropoutNd) and part.p > 0:
            advice = 'use memory="checkpoint", which replays its random numbers'
        elif part.training and isinstance(part, nn.modules.batchnorm._BatchNorm):
            advice = "use InstanceNorm2d, GroupNorm or ActNorm, or eval mode"
        else:
            continue
        raise RuntimeError(
            f'memory="reversible" expects layers that give the same result twice, got {kind} in '
            f"training mode ({type(layer).__name__}.{name}); {advice}."
        )
