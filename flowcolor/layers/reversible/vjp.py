"""One step of a reversible backward pass: what a layer is told, what it answers, and a way for all.

"vjp" is the field's word for a vector-Jacobian product, the derivative of a scalar that is passed
back through a function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from flowcolor.layers.reversible.random_state import RandomState, not_replayed
from flowcolor.layers.reversible.torch_private import without_hooks
from flowcolor.values import without_autocast

Gradients = dict[Tensor, Tensor]


@dataclass
class ReverseStep:
    """What :meth:`~flowcolor.layers.InvertibleLayer.vjp` is told.

    Attributes:
        out: What ``forward`` returned, or ``inverse`` if that was run. Not to be changed.
        grad_out: Gradient with respect to ``out``.
        grad_logdet: Gradient with respect to the log-det, one number per sample.
        condition: The condition, or a list of them; the gradient of one is wanted if it requires
            one.
        params: The parameters whose gradients are wanted; frozen ones are not among them.
        inverse: Whether ``inverse`` was run rather than ``forward``.
        random: Where the layer drew random numbers from, if it did.
        x: The input, where it was kept because drawing in the other direction would differ.
    """

    out: Tensor
    grad_out: Tensor
    grad_logdet: Tensor
    condition: Any = None
    params: Sequence[Tensor] = ()
    inverse: bool = False
    random: RandomState | None = None
    x: Tensor | None = None


@dataclass
class Rebuilt:
    """What :meth:`~flowcolor.layers.InvertibleLayer.vjp` answers.

    Attributes:
        x: The input of the direction that was run.
        grad_x: Its gradient.
        grad_condition: The condition's gradient, or ``None``; a list for a list.
        grad_params: The gradient of each parameter. Those that are left out have none; more than
            were asked for do no harm.
    """

    x: Tensor
    grad_x: Tensor
    grad_condition: Any = None
    grad_params: Gradients = field(default_factory=dict)


class GraphEnd:
    """The end of a graph without its numbers, so that these can go before the graph is walked."""

    def __init__(self, output: Tensor) -> None:
        self.requires_grad = output.requires_grad
        self.edge = get_gradient_edge(output) if output.requires_grad else None


def invert_then_differentiate(
    forward_fn: Callable[..., Any], inverse_fn: Callable[..., Any], step: ReverseStep
) -> Rebuilt:
    """Answer for any layer: undo it, then evaluate it again with gradients.

    Args:
        forward_fn: The direction that was run.
        inverse_fn: Its opposite.
        step: What is known.
    """
    if step.random is not None:
        forward_fn, inverse_fn = (
            step.random.replaying(forward_fn),
            step.random.replaying(inverse_fn),
        )
    several = step.condition is not None and not isinstance(step.condition, Tensor)
    conditions: Any = step.condition if several else [step.condition]
    wanted = [c for c in conditions if c is not None and c.requires_grad]
    given = [c if c is None else c.detach() for c in conditions]
    x = step.x
    if x is None:
        x = inverse_fn(step.out, given if several else given[0])[0]
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        # Views: torch's counter of operations, for one, fails on modules that are given leaves.
        given = [c if c is None else c.view_as(c) for c in conditions]
        ends = forward_fn(x.view_as(x), given if several else given[0])
    grads = gradients_of(ends, (x, *wanted, *step.params), (step.grad_out, step.grad_logdet))
    grad_x = grads.pop(x, None)
    grad_conditions = [c if c is None else grads.pop(c, None) for c in conditions]
    return Rebuilt(
        x.detach(),
        torch.zeros_like(x) if grad_x is None else grad_x,
        grad_conditions if several else grad_conditions[0],
        grads,
    )


def gradients_of(
    outputs: Sequence[Tensor | GraphEnd], inputs: Sequence[Tensor], grad_outputs: Sequence[Tensor]
) -> Gradients:
    """Differentiate as ``torch.autograd.grad`` does, outside autocast as an ordinary backward is.

    Outputs without a graph are passed over; inputs that are not used are left out of the result.
    """
    pairs = [(o, g) for o, g in zip(outputs, grad_outputs, strict=True) if o.requires_grad]
    if not pairs or not inputs:
        return {}
    ends: list[Any] = [o.edge if isinstance(o, GraphEnd) else o for o, _ in pairs]
    # Hooks on parameters wait for the gradients that leave the layer: they would run twice.
    with without_autocast(inputs[0]), without_hooks(inputs), not_replayed(inputs[0]):
        found = torch.autograd.grad(ends, inputs, [g for _, g in pairs], allow_unused=True)
    return {i: g for i, g in zip(inputs, found, strict=True) if g is not None}


def add_gradients(one: Gradients, other: Gradients) -> Gradients:
    """Add two results of :func:`gradients_of` entry by entry."""
    return one | {i: one[i] + g if i in one else g for i, g in other.items()}
