r"""The map of activation normalisation, of which autograd keeps the result alone."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.compiler import is_compiling

from flowcolor.layers.reversible.torch_private import in_transform, is_traced


def standardize(x: Tensor, loc: Tensor, log_scale: Tensor) -> Tensor:
    r"""Return :math:`e^s \odot (x - \mu)` for a :math:`\mu` and an :math:`s` of each channel.

    The next layer keeps this anyway; by itself, autograd would keep :math:`x - \mu` beside it.
    """
    learns = torch.is_grad_enabled() and log_scale.requires_grad
    if learns and not (is_compiling() or is_traced() or in_transform()):
        y: Tensor = _Standardize.apply(x, loc, log_scale)
        return y
    return (x - by_channel(loc, x)) * by_channel(log_scale, x).exp()


def by_channel(numbers: Tensor, x: Tensor) -> Tensor:
    """Return the numbers of channels in a shape that fits ``x``."""
    return numbers.view(-1, *[1] * (x.ndim - 2))


class _Standardize(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, loc: Tensor, log_scale: Tensor) -> Tensor:
        y = (x - by_channel(loc, x)).mul_(by_channel(log_scale, x).exp())
        ctx.save_for_backward(y, log_scale)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, log_scale = ctx.saved_tensors
        grad_x, axes = grad * by_channel(log_scale, y).exp(), [0, *range(2, y.ndim)]
        return grad_x, -grad_x.sum(axes), (grad * y).sum(axes)
