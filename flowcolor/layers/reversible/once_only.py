"""Gradients that may not be differentiated again."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def once_only(gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return the gradients such that differentiating them raises, where that could be asked for."""
    if not torch.is_grad_enabled():  # Without create_graph nobody can differentiate them.
        return list(gradients)
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
