r"""The arithmetic that couplings share: split, scale and shift by networks, and its derivative."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.base import LogDet
from flowcolor.layers.gradients import Gradients, Root, add_gradients, gradients_of
from flowcolor.layers.layout import for_networks
from flowcolor.layers.scale import SCALES, Scale, differentiate_scale, positive_scale

Fuse = Callable[[Tensor, Tensor | None], Tensor]


@runtime_checkable  # for the runtime check of annotations
class Coupling(Protocol):
    """What the functions below read from a coupling."""

    net: nn.Module
    shift_net: nn.Module | None
    scale: Scale


def check_scale(layer: object, scale: str) -> None:
    """Raise ``ValueError`` for an unknown kind of scale."""
    if scale not in SCALES:
        raise ValueError(
            f"{type(layer).__name__} expects scale to be one of {list(SCALES)}, got {scale!r}."
        )


def split_half(layer: object, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the half that is changed and the half that steers, as views of ``x``."""
    if x.ndim < 2 or x.shape[1] < 2:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, channels, *spatial) with at "
            f"least 2 channels, got {tuple(x.shape)}."
        )
    a, b = x.chunk(2, dim=1)
    return a, b


def total(log_scale: Tensor) -> LogDet:
    """Return the sum for each image."""
    return log_scale.sum(tuple(range(1, log_scale.ndim)))


def affine(layer: Coupling, h: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return scale, log-scale and shift for ``a``, in its precision whatever autocast does to h."""
    h = for_networks(h, layer.net, layer.shift_net)
    if layer.shift_net is None:
        raw, shift = _run(layer, layer.net, h, a, parts=2).chunk(2, dim=1)
    else:
        raw, shift = _run(layer, layer.net, h, a), _run(layer, layer.shift_net, h, a)
    return *positive_scale(raw, layer.scale), shift


def changed(x: Tensor, scale: Tensor, shift: Tensor, *, inverse: bool) -> Tensor:
    """Return the output of a coupling for ``x``, of which the second half is not changed."""
    a, b = x.chunk(2, dim=1)
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        a = (a - shift) / scale if inverse else torch.addcmul(shift, a, scale)
        return torch.cat([a, b], 1)
    y = torch.empty_like(x)  # In the layout of x.
    half, rest = y.chunk(2, dim=1)
    rest.copy_(b)
    if inverse:
        torch.sub(a, shift, out=half).div_(scale)
    else:
        torch.addcmul(shift, a, scale, out=half)
    return y


def differentiate_affine(
    layer: Coupling,
    fuse: Fuse,
    out: Tensor,
    condition: Tensor | None,
    grad_out: Tensor,
    grad_logdet: LogDet,
    params: Sequence[Tensor],
    *,
    inverse: bool,
) -> tuple[Tensor, Tensor, Tensor | None, Gradients]:
    r"""Invert and differentiate a coupling with one evaluation of its networks.

    The steering half passed unchanged, so scale :math:`s` and shift :math:`t` are the same ones.
    Forward, :math:`y = s a + t`:

    .. math::
        a = (y - t) / s, \quad \dot a = s \dot y, \quad \dot t = \dot y, \quad
        \dot s = \dot y a + \dot\ell / s

    and inverse, :math:`a = (y - t) / s` with the log-det's sign turned:

    .. math::
        y = s a + t, \quad \dot y = \dot a / s, \quad \dot t = -\dot y, \quad
        \dot s = -\dot y a - \dot\ell / s

    See :meth:`~flowcolor.layers.InvertibleLayer.invert_and_differentiate` for the arguments.
    ``fuse(b, condition)`` gives the input of the networks.
    """
    a, b = split_half(layer, out)
    grad_a, grad_b = grad_out.chunk(2, dim=1)
    b = b.detach().requires_grad_()
    wanted = [condition] if condition is not None and condition.requires_grad else []
    with torch.enable_grad():  # Views, because flop counters hook tensors that have a history.
        fused = fuse(b.view_as(b), None if condition is None else condition.view_as(condition))
        fused = for_networks(fused, layer.net, layer.shift_net)
    # A cut: the graphs of the networks are walked and freed one by one, that of `fuse` last.
    h = fused.detach().requires_grad_()
    each = grad_logdet.view(-1, *[1] * (a.ndim - 1)).expand_as(a)
    step = _inverse_step if inverse else _forward_step
    start, grad_start, (grad_h, *grads) = step(layer, h, a, grad_a, each, (h, *params))
    if grad_h is not None:
        grad_fuse = gradients_of((fused,), (b, *wanted, *params), (grad_h,))
        grad_b = grad_b if grad_fuse[0] is None else grad_b + grad_fuse[0]
        grads = add_gradients(grads, grad_fuse[1 + len(wanted) :])
    grad_condition = grad_fuse[1] if wanted and grad_h is not None else None
    start, grad_start = torch.cat([start, b.detach()], 1), torch.cat([grad_start, grad_b], 1)
    return start, grad_start, grad_condition, grads


def _forward_step(
    layer: Coupling, h: Tensor, y: Tensor, grad_y: Tensor, each: Tensor, inputs: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Gradients]:
    grads: Gradients = [None] * len(inputs)
    if layer.shift_net is None:
        (raw, shift), root = _graph(layer, layer.net, h, y, parts=2)
    else:
        (shift,), root = _graph(layer, layer.shift_net, h, y)
        grads = gradients_of((root,), inputs, (grad_y,))
        del root  # This graph goes before the next one is made.
        (raw,), root = _graph(layer, layer.net, h, y)
    a = y - shift
    del shift
    scale = positive_scale(raw, layer.scale)[0]
    a.div_(scale)
    grad_output = differentiate_scale(raw, scale, layer.scale, grad_y * a, each)
    grad_a = scale.mul_(grad_y)
    del raw
    if layer.shift_net is None:
        grad_output = torch.cat([grad_output, grad_y], 1)
    return a, grad_a, add_gradients(grads, gradients_of((root,), inputs, (grad_output,)))


def _inverse_step(
    layer: Coupling, h: Tensor, a: Tensor, grad_a: Tensor, each: Tensor, inputs: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Gradients]:
    joint = layer.shift_net is None
    (raw, *rest), root = _graph(layer, layer.net, h, a, parts=2 if joint else 1)
    scale = positive_scale(raw, layer.scale)[0]
    grad_y, y = grad_a / scale, a * scale
    grad_output = differentiate_scale(raw, scale, layer.scale, (grad_y * a).neg_(), -each)
    del raw, scale
    if joint:
        grad_output = torch.cat([grad_output, -grad_y], 1)
    grads = gradients_of((root,), inputs, (grad_output,))
    del root, grad_output
    if layer.shift_net is not None:
        rest, root = _graph(layer, layer.shift_net, h, a)
        grads = add_gradients(grads, gradients_of((root,), inputs, (-grad_y,)))
    return y.add_(rest[0]), grad_y, grads


def _graph(
    layer: Coupling, net: nn.Module, h: Tensor, a: Tensor, parts: int = 1
) -> tuple[list[Tensor], Root]:
    """Evaluate a network; return its numbers, in so many parts, and its graph apart from them."""
    with torch.enable_grad():
        output = _run(layer, net, h[:], a, parts)  # `view_as` may change the layout.
    return list(output.detach().chunk(parts, dim=1)), Root(output)


def _run(layer: Coupling, net: nn.Module, h: Tensor, a: Tensor, parts: int = 1) -> Tensor:
    output: Tensor = net(h)
    expected = (a.shape[0], parts * a.shape[1], *a.shape[2:])
    if output.shape != expected:
        raise ValueError(
            f"{type(layer).__name__} expects its network to return shape {expected} for an "
            f"input of shape {tuple(h.shape)}, got {tuple(output.shape)}."
        )
    output = output.to(a.dtype)
    # Arithmetic between two layouts is slow.
    return output if a.ndim != 4 or a.stride(1) == 1 else output.contiguous()
