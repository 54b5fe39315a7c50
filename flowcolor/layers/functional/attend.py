r"""Attention that can be differentiated in every way that autograd knows."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.compiler import is_compiling
from torch.nn.functional import scaled_dot_product_attention

from flowcolor.layers.reversible.torch_private import in_transform, is_traced


def attend(
    q: Tensor, k: Tensor, v: Tensor, scale: float | None = None, bias: Tensor | None = None
) -> Tensor:
    r"""Fetch values by attention, without the matrix of all pairs.

    .. math:: \mathrm{softmax}(\tau\, q k^T + b)\, v

    torch's operator for it knows neither forward mode nor a second derivative. For those, and for
    those alone, the matrix is stored.

    Args:
        q: What asks, :math:`(*, n, d)`.
        k: What is asked, :math:`(*, m, d)`.
        v: What is fetched, :math:`(*, m, d')`.
        scale: :math:`\tau`; ``None`` for :math:`1/\sqrt{d}`.
        bias: :math:`b`, whose shape fits :math:`(*, n, m)`; ``None`` for 0.
    """
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    if in_transform():
        return _shares(q, k, scale, bias) @ v
    given = [x for x in (q, k, v, bias) if x is not None]
    learns = torch.is_grad_enabled() and any(x.requires_grad for x in given)
    if not learns or is_compiling() or is_traced():
        return scaled_dot_product_attention(q, k, v, bias, scale=scale)
    call = _Call(scale)
    q, k, v, bias = _Before.apply(call, q, k, v, bias)
    fetched = scaled_dot_product_attention(q, k, v, bias, scale=scale)
    result: Tensor = _After.apply(call, fetched)
    return result


class _Call:
    """Carries the gradient of a result past torch's operator, if it may be differentiated again."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.grad: Tensor | None = None


class _Before(Function):
    """Pass inputs on; replace their gradients by what can be differentiated, where that is asked.

    No backward pass but one with ``create_graph`` is any different for it.
    """

    @staticmethod
    def forward(ctx: Any, call: _Call, *given: Tensor | None) -> tuple[Tensor | None, ...]:
        ctx.call = call
        ctx.save_for_backward(*given)
        return tuple(x if x is None else x[:] for x in given)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        grad, ctx.call.grad = ctx.call.grad, None
        if grad is None:
            return None, *grads
        q, k, v, bias = ctx.saved_tensors
        shares, scale = _shares(q, k, ctx.call.scale, bias), ctx.call.scale
        # y = P v with P = softmax(S): grad S = P (grad P - sum of P grad P along each row).
        grad_shares = grad @ v.mT
        mean = (shares * grad_shares).sum(-1, keepdim=True)
        grad_logits = shares * (grad_shares - mean)
        grad_bias = None if bias is None else grad_logits.sum_to_size(bias.shape)
        products = scale * grad_logits
        return None, products @ k, products.mT @ q, shares.mT @ grad, grad_bias


class _After(Function):
    @staticmethod
    def forward(ctx: Any, call: _Call, y: Tensor) -> Tensor:
        ctx.call = call
        return y[:]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:
        if torch.is_grad_enabled():
            ctx.call.grad = grad
        return None, grad


def _shares(q: Tensor, k: Tensor, scale: float, bias: Tensor | None = None) -> Tensor:
    logits = scale * (q @ k.mT)
    return torch.softmax(logits if bias is None else logits + bias, -1)
