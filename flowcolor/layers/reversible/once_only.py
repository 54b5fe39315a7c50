"""Gradients that may not be differentiated again."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def once_only(
    message: str, gradients: Sequence[Tensor | None], *ways: Tensor
) -> list[Tensor | None]:
    """Return the gradients such that differentiating them raises, where that could be asked for.

    Args:
        message: What is raised, a ``RuntimeError``.
        gradients: What a backward pass has found.
        ways: Tensors from which autograd gets to all that the gradients depend on. Without them
            they would pass for constants wherever autograd is asked for the gradients of some
            inputs alone.
    """
    if not torch.is_grad_enabled():  # Without create_graph nobody can differentiate them.
        return list(gradients)
    fresh = [g if g is None else g.detach().requires_grad_() for g in gradients]
    return list(_OnceOnly.apply(message, len(ways), *ways, *fresh))


class _OnceOnly(Function):
    # Unlike `once_differentiable`, which lets constants pass and so loses terms without a word.
    @staticmethod
    def forward(ctx: Any, message: str, count: int, *tensors: Tensor | None) -> Any:
        ctx.message = message
        return tuple(g if g is None else g.view_as(g) for g in tensors[count:])

    @staticmethod
    def backward(ctx: Any, *_: Tensor | None) -> Any:
        raise RuntimeError(ctx.message)
