"""Small helpers for layers that differentiate themselves."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.graph import get_gradient_edge

Gradients = list[Tensor | None]


class Root:
    """The end of a graph without its numbers, so that these can go before the graph is walked."""

    def __init__(self, output: Tensor) -> None:
        self.requires_grad = output.requires_grad
        self.edge = get_gradient_edge(output) if output.requires_grad else None


def gradients_of(
    outputs: Sequence[Tensor | Root], inputs: Sequence[Tensor], grad_outputs: Sequence[Tensor]
) -> Gradients:
    """Differentiate as ``torch.autograd.grad`` does, outside autocast as an ordinary backward is.

    Outputs without a graph are passed over; unused inputs get ``None``.
    """
    pairs = [(o, g) for o, g in zip(outputs, grad_outputs, strict=True) if o.requires_grad]
    if not pairs or not inputs:
        return [None] * len(inputs)
    ends: list[Any] = [o.edge if isinstance(o, Root) else o for o, _ in pairs]
    with torch.autocast(inputs[0].device.type, enabled=False):
        found = torch.autograd.grad(
            ends,
            inputs,
            [g for _, g in pairs],
            allow_unused=True,
        )
    return list(found)


def invert_then_differentiate(
    there: Callable[..., Any],
    back: Callable[..., Any],
    out: Tensor,
    condition: Tensor | Sequence[Tensor] | None,
    grads_out: Sequence[Tensor],
    params: Sequence[Tensor],
) -> tuple[Tensor, Tensor, Any, Gradients]:
    """Undo ``there`` by ``back`` and evaluate it again with gradients, whatever the layer.

    Args:
        there: The direction that was run.
        back: Its opposite.
        out: What ``there`` returned.
        condition: One condition, or a list of them for a layer that takes several.
        grads_out: Gradients with respect to ``out`` and the log-det.
        params: The parameters whose gradients are wanted.

    Returns:
        The input, its gradient, that of the condition (a list for a list), those of ``params``.
    """
    several = condition is not None and not isinstance(condition, Tensor)
    conditions: Any = condition if several else [condition]
    wanted = [c for c in conditions if c is not None and c.requires_grad]
    # Nothing that a module is given is a leaf: counters of operations hook what has a history.
    given = [c if c is None else c.detach() for c in conditions]
    start = back(out, given if several else given[0])[0].detach().requires_grad_()
    with torch.enable_grad():
        given = [c if c is None else c.view_as(c) for c in conditions]
        end, logdet = there(start.view_as(start), given if several else given[0])
    grads = gradients_of((end, logdet), (start, *wanted, *params), grads_out)
    grad_start = torch.zeros_like(start) if grads[0] is None else grads[0]
    known = dict(zip(map(id, wanted), grads[1:], strict=False))
    found = [known.get(id(c)) for c in conditions]
    return start.detach(), grad_start, found if several else found[0], grads[1 + len(wanted) :]


def add_gradients(one: Gradients, other: Gradients) -> Gradients:
    """Add two lists entry by entry; ``None`` counts as zero."""
    return [b if a is None else a if b is None else a + b for a, b in zip(one, other, strict=True)]


def in_order_of(params: Sequence[Tensor], known: Sequence[tuple[Tensor, Tensor]]) -> Gradients:
    """Arrange known pairs of parameter and gradient as ``params`` are; ``None`` for the rest."""
    found = {id(param): grad for param, grad in known}
    return [found.get(id(param)) for param in params]


def once_only(gradients: Gradients) -> Gradients:
    """Return the gradients such that differentiating them raises, where that could be asked for."""
    if not torch.is_grad_enabled():  # No create_graph.
        return gradients
    fresh = [g if g is None else g.detach().requires_grad_() for g in gradients]
    return list(_OnceOnly.apply(*fresh))


class _OnceOnly(Function):
    # Unlike `once_differentiable`, which lets constants pass and so loses terms without a word.
    @staticmethod
    def forward(ctx: Any, *gradients: Tensor | None) -> Any:
        return tuple(g if g is None else g.view_as(g) for g in gradients)

    @staticmethod
    def backward(ctx: Any, *_: Tensor | None) -> Any:
        raise RuntimeError(
            'memory="reversible" expects to be differentiated once, got a second derivative; use '
            'memory="checkpoint".'
        )
