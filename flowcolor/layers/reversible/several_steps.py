"""Several layers at a time, for a layer that holds others and has to be undone as one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from flowcolor.layers.reversible.vjp import Gradients, Rebuilt, ReverseStep, add_gradients

if TYPE_CHECKING:
    from flowcolor.layers.base import Step


def differentiate_steps(steps: "Sequence[Step]", step: ReverseStep) -> Rebuilt:
    """Undo and differentiate layers one by one, so that the activations of one alone are there.

    Args:
        steps: The layers in the order in which they were run.
        step: What is known of all of them together.
    """
    x, grad_x = step.out, step.grad_out
    grad_params: Gradients = {}
    grad_conditions: Gradients = {}
    for part in reversed(steps):
        own = {id(param) for param in part.layer.parameters()}
        params = [param for param in step.params if id(param) in own]
        here = ReverseStep(x, grad_x, step.grad_logdet, part.condition, params, part.inverse)
        rebuilt: Rebuilt = part.layer.differentiate(here)
        x, grad_x = rebuilt.x, rebuilt.grad_x
        grad_params = add_gradients(grad_params, rebuilt.grad_params)
        found = zip(as_list(part.condition), as_list(rebuilt.grad_condition), strict=True)
        each = {c: g for c, g in found if c is not None and g is not None}
        grad_conditions = add_gradients(grad_conditions, each)
    grads = [None if c is None else grad_conditions.get(c) for c in as_list(step.condition)]
    one = step.condition is None or isinstance(step.condition, Tensor)
    return Rebuilt(x, grad_x, grads[0] if one else grads, grad_params)


def as_list(value: Any) -> list[Any]:
    """Return one condition, or none, as a list of one."""
    return [value] if value is None or isinstance(value, Tensor) else list(value)
