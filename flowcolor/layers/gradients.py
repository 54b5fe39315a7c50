"""Small helpers for layers that differentiate themselves."""

from collections.abc import Sequence

import torch
from torch import Tensor

Gradients = list[Tensor | None]


def gradients_of(
    outputs: Sequence[Tensor], inputs: Sequence[Tensor], grad_outputs: Sequence[Tensor]
) -> Gradients:
    """Differentiate as ``torch.autograd.grad`` does, outside autocast as an ordinary backward is.

    Outputs without a graph are passed over; unused inputs get ``None``.
    """
    pairs = [(o, g) for o, g in zip(outputs, grad_outputs, strict=True) if o.requires_grad]
    if not pairs or not inputs:
        return [None] * len(inputs)
    with torch.autocast(inputs[0].device.type, enabled=False):
        found = torch.autograd.grad(
            [o for o, _ in pairs],
            inputs,
            [g.to(o.dtype) for o, g in pairs],
            allow_unused=True,
        )
    return list(found)


def add_gradients(one: Gradients, other: Gradients) -> Gradients:
    """Add two lists entry by entry; ``None`` counts as zero."""
    return [b if a is None else a if b is None else a + b for a, b in zip(one, other, strict=True)]


def in_order_of(params: Sequence[Tensor], known: Sequence[tuple[Tensor, Tensor]]) -> Gradients:
    """Arrange known pairs of parameter and gradient as ``params`` are; ``None`` for the rest."""
    found = {id(param): grad for param, grad in known}
    return [found.get(id(param)) for param in params]
