r"""The derivative of couplings, with one evaluation of their networks."""

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.functional.affine import (
    Half,
    Networks,
    join_halves,
    run_network,
    split_half,
)
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

_Part = Literal["scale", "shift"]


@runtime_checkable  # Without it, tests that check annotations at run time fail.
class Coupling(Networks, Protocol):
    """What is read from a coupling."""

    steer: Half

    def fuse(self, b: Tensor, condition: Tensor | None) -> Tensor:
        """Return what the networks see."""


def differentiate_affine(layer: Coupling, step: ReverseStep) -> Rebuilt:
    """Invert and differentiate a coupling with one evaluation of its networks.

    The steering half passed unchanged, so scale and shift are the same ones.
    """
    a, b = split_half(layer, step.out, layer.steer)
    grad_a, grad_b = split_half(layer, step.grad_out, layer.steer)
    b, c = b.detach().requires_grad_(), step.condition
    wanted = [c] if c is not None and c.requires_grad else []
    with torch.enable_grad():
        # Views: torch's counter of operations, for one, fails on modules that are given leaves.
        seen = b.view_as(b)
        steering = layer.fuse(seen, None if c is None else c.view_as(c))
        alone = steering is seen  # Nothing is fused with it.
        # Under the same name, so that it does not outlive a copy in another layout.
        steering = for_networks(steering, layer.net, layer.shift_net)
    # The graph is cut here, so that those of the networks are walked and freed one by one.
    h = steering.detach().requires_grad_()
    half, grad_half, grads = undo_affine(layer, h, a, grad_a, step, (h, *step.params))
    grad_h, grad_condition = grads.pop(h, None), None
    if grad_h is not None and alone:
        grad_b = grad_b + grad_h
    elif grad_h is not None:
        found = gradients_of((steering,), (b, *wanted, *step.params), (grad_h,))
        grad_b = grad_b + found.pop(b) if b in found else grad_b
        grad_condition = found.pop(c, None) if wanted else None
        grads = add_gradients(grads, found)
    x = join_halves(half, b.detach(), layer.steer)
    return Rebuilt(x, join_halves(grad_half, grad_b, layer.steer), grad_condition, grads)


def undo_affine(
    layer: Networks,
    h: Tensor,
    out: Tensor,
    grad: Tensor,
    step: ReverseStep,
    inputs: Sequence[Tensor],
) -> tuple[Tensor, Tensor, Gradients]:
    r"""Undo scaling by :math:`s` and shifting by :math:`t`, and differentiate, one by one.

    =================  =====================  ==================================================
    what was done      undone                 gradients
    =================  =====================  ==================================================
    :math:`y = a + t`  :math:`a = y - t`      :math:`\dot a = \dot t = \dot y`
    :math:`a = y - t`  :math:`y = a + t`      :math:`\dot y = \dot a, \dot t = -\dot a`
    :math:`y = s a`    :math:`a = y / s`      :math:`\dot a = s \dot y,
                                              \dot s = \dot y a + \dot\ell / s`
    :math:`a = y / s`  :math:`y = s a`        :math:`\dot y = \dot a / s,
                                              \dot s = -\dot y a - \dot\ell / s`
    =================  =====================  ==================================================

    Args:
        layer: Its networks are evaluated once each.
        h: What they see, a leaf of the graph.
        out: What was returned, of the half that was changed.
        grad: Its gradient.
        step: What else is known.
        inputs: Leaves whose gradients are wanted.

    Returns:
        What was given, its gradient, and the gradients of ``inputs``.
    """
    parts: list[_Part] = ["shift"] if layer.scale == "none" else ["scale", "shift"]
    # The last that was done is undone first; `inverse` had undone the last one first.
    last_first = (layer.order == "scale_shift") != step.inverse
    order = parts[::-1] if last_first else parts
    each = step.grad_logdet.view(-1, *[1] * (out.ndim - 1)).expand_as(out)
    x, grads = out, {}  # type: tuple[Tensor, Gradients]
    for group in [parts] if layer.shift_net is None else [[part] for part in order]:
        net = layer.shift_net if group == ["shift"] and layer.shift_net else layer.net
        values, end = _graph(layer, net, h, out, group)
        found: dict[_Part, Tensor] = {}
        for part in (part for part in order if part in group):
            buffer = None if x is out else x  # The caller's is not to be overwritten.
            undo = _undo_scale if part == "scale" else _undo_shift
            x, grad, found[part] = undo(
                layer, x, grad, values.pop(part), each, step.inverse, buffer
            )
        one = len(group) == 1
        grad_output = found[group[0]] if one else torch.cat([found.pop(p) for p in group], 1)
        grads = add_gradients(grads, gradients_of((end,), inputs, (grad_output,)))
        del end, grad_output, found  # So that this graph is freed before the next one is made.
    return x, grad, grads


def _undo_shift(
    layer: Networks,
    out: Tensor,
    grad: Tensor,
    shift: Tensor,
    each: Tensor,
    inverse: bool,
    buffer: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    if inverse:
        return torch.add(out, shift, out=buffer), grad, -grad
    return torch.sub(out, shift, out=buffer), grad, grad


def _undo_scale(
    layer: Networks,
    out: Tensor,
    grad: Tensor,
    raw: Tensor,
    each: Tensor,
    inverse: bool,
    buffer: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:
    scale = positive_scale(raw, layer.scale, layer.clamp)[0]
    if inverse:
        grad_y = grad / scale
        grad_scale = (grad_y * out).neg_()
        y = torch.mul(out, scale, out=buffer)
        grad_raw = differentiate_scale(raw, scale, layer.scale, grad_scale, -each, layer.clamp)
        return y, grad_y, grad_raw
    a = torch.div(out, scale, out=buffer)
    grad_raw = differentiate_scale(raw, scale, layer.scale, grad * a, each, layer.clamp)
    return a, scale.mul_(grad), grad_raw


def _graph(
    layer: Networks, net: nn.Module, h: Tensor, a: Tensor, parts: Sequence[_Part]
) -> tuple[dict[_Part, Tensor], GraphEnd]:
    """Evaluate a network; return its numbers by part, and its graph apart from them."""
    with torch.enable_grad():
        # A view, as above; not by `view_as`, which may change the layout.
        output = run_network(layer, net, h[:], a, len(parts))
    values = output.detach().chunk(len(parts), dim=1)
    return dict(zip(parts, values, strict=True)), GraphEnd(output)
