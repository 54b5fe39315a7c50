r"""The derivative of couplings, with one evaluation of their networks."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.functional.affine import Networks, run_network, split_half
from flowcolor.layers.functional.layout import for_networks
from flowcolor.layers.functional.scale import differentiate_scale, positive_scale
from flowcolor.layers.reversible.vjp import (
    Gradients,
    GraphEnd,
    Rebuilt,
    ReverseStep,
    add_gradients,
    gradients_of,
)


@runtime_checkable  # Without it, tests that check annotations at run time fail.
class Coupling(Networks, Protocol):
    """What is read from a coupling."""

    def steer(self, b: Tensor, condition: Tensor | None) -> Tensor:
        """Return what the networks see."""


def differentiate_affine(layer: Coupling, step: ReverseStep) -> Rebuilt:
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
    """
    a, b = split_half(layer, step.out)
    grad_a, grad_b = step.grad_out.chunk(2, dim=1)
    b, c = b.detach().requires_grad_(), step.condition
    wanted = [c] if c is not None and c.requires_grad else []
    with torch.enable_grad():
        # Views: torch's counter of operations, for one, fails on modules that are given leaves.
        steering = layer.steer(b.view_as(b), None if c is None else c.view_as(c))
        steering = for_networks(steering, layer.net, layer.shift_net)
    # The graph is cut here, so that those of the networks are walked and freed one by one.
    h = steering.detach().requires_grad_()
    each = step.grad_logdet.view(-1, *[1] * (a.ndim - 1)).expand_as(a)
    undo = _undo_inverse if step.inverse else _undo_forward
    half, grad_half, grads = undo(layer, h, a, grad_a, each, (h, *step.params))
    grad_h, grad_condition = grads.pop(h, None), None
    if grad_h is not None:
        found = gradients_of((steering,), (b, *wanted, *step.params), (grad_h,))
        grad_b = grad_b + found.pop(b) if b in found else grad_b
        grad_condition = found.pop(c, None) if wanted else None
        grads = add_gradients(grads, found)
    x, grad_x = torch.cat([half, b.detach()], 1), torch.cat([grad_half, grad_b], 1)
    return Rebuilt(x, grad_x, grad_condition, grads)


def _undo_forward(
    layer: Networks, h: Tensor, y: Tensor, grad_y: Tensor, each: Tensor, inputs: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Gradients]:
    grads: Gradients = {}
    if layer.shift_net is None:
        (raw, shift), end = _graph(layer, layer.net, h, y, parts=2)
    else:
        (shift,), end = _graph(layer, layer.shift_net, h, y)
        grads = gradients_of((end,), inputs, (grad_y,))
        del end  # So that this graph is freed before the next one is made.
        (raw,), end = _graph(layer, layer.net, h, y)
    a = y - shift
    del shift
    scale = positive_scale(raw, layer.scale)[0]
    a.div_(scale)
    grad_output = differentiate_scale(raw, scale, layer.scale, grad_y * a, each)
    grad_a = scale.mul_(grad_y)
    del raw
    if layer.shift_net is None:
        grad_output = torch.cat([grad_output, grad_y], 1)
    return a, grad_a, add_gradients(grads, gradients_of((end,), inputs, (grad_output,)))


def _undo_inverse(
    layer: Networks, h: Tensor, a: Tensor, grad_a: Tensor, each: Tensor, inputs: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Gradients]:
    joint = layer.shift_net is None
    (raw, *rest), end = _graph(layer, layer.net, h, a, parts=2 if joint else 1)
    scale = positive_scale(raw, layer.scale)[0]
    grad_y, y = grad_a / scale, a * scale
    grad_output = differentiate_scale(raw, scale, layer.scale, (grad_y * a).neg_(), -each)
    del raw, scale
    if joint:
        grad_output = torch.cat([grad_output, -grad_y], 1)
    grads = gradients_of((end,), inputs, (grad_output,))
    del end, grad_output
    if layer.shift_net is not None:
        rest, end = _graph(layer, layer.shift_net, h, a)
        grads = add_gradients(grads, gradients_of((end,), inputs, (-grad_y,)))
    return y.add_(rest[0]), grad_y, grads


def _graph(
    layer: Networks, net: nn.Module, h: Tensor, a: Tensor, parts: int = 1
) -> tuple[list[Tensor], GraphEnd]:
    """Evaluate a network; return its numbers, in so many parts, and its graph apart from them."""
    with torch.enable_grad():
        # A view, as above; not by `view_as`, which may change the layout.
        output = run_network(layer, net, h[:], a, parts)
    return list(output.detach().chunk(parts, dim=1)), GraphEnd(output)
