r"""The arithmetic of couplings: split, scale and shift by networks."""

from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.base import LogDet
from flowcolor.layers.functional.layout import for_networks
from flowcolor.layers.functional.scale import Scale, positive_scale
from flowcolor.layers.reversible.torch_private import in_transform
from flowcolor.layers.subnetwork import call_network

Half = Literal["first", "second"]
Order = Literal["scale_shift", "shift_scale"]


@runtime_checkable  # Without it, tests that check annotations at run time fail.
class Networks(Protocol):
    """What is read from a layer that scales and shifts by networks."""

    net: nn.Module
    shift_net: nn.Module | None
    scale: Scale
    order: Order
    clamp: float | None


def split_half(layer: object, x: Tensor, steer: Half) -> tuple[Tensor, Tensor]:
    """Return the half that is changed and the half that steers, as views of ``x``."""
    if x.ndim < 2 or x.shape[1] < 2:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, channels, *spatial) with at "
            f"least 2 channels, got {tuple(x.shape)}."
        )
    first, second = x.chunk(2, dim=1)
    return (first, second) if steer == "second" else (second, first)


def join_halves(changed: Tensor, steering: Tensor, steer: Half) -> Tensor:
    """Undo :func:`split_half`."""
    return torch.cat([changed, steering] if steer == "second" else [steering, changed], 1)


def affine(layer: Networks, h: Tensor, a: Tensor) -> tuple[Tensor | None, Tensor, LogDet]:
    """Return scale, shift and log-det for ``a``, in its precision whatever autocast does to h.

    The scale is ``None`` where there is none.
    """
    h = for_networks(h, layer.net, layer.shift_net)
    if layer.scale == "none":
        return None, run_network(layer, layer.net, h, a), a.new_zeros(a.shape[0])
    if layer.shift_net is None:
        raw, shift = run_network(layer, layer.net, h, a, parts=2).chunk(2, dim=1)
    else:
        raw = run_network(layer, layer.net, h, a)
        shift = run_network(layer, layer.shift_net, h, a)
    scale, log_scale = positive_scale(raw, layer.scale, layer.clamp)
    if layer.scale == "zero_sum":  # Rounding would leave something of the sum.
        return scale, shift, a.new_zeros(a.shape[0])
    return scale, shift, log_scale.sum(tuple(range(1, log_scale.ndim)))


def transform(
    a: Tensor,
    scale: Tensor | None,
    shift: Tensor,
    order: Order,
    *,
    inverse: bool,
    out: Tensor | None = None,
) -> Tensor:
    """Scale and shift ``a``, in that order or the other, or undo it; into ``out`` if given."""
    if scale is None:
        return torch.sub(a, shift, out=out) if inverse else torch.add(a, shift, out=out)
    if order == "scale_shift":
        if not inverse:
            return torch.addcmul(shift, a, scale, out=out)
        return torch.div(torch.sub(a, shift, out=out), scale, out=out)
    if inverse:
        return torch.sub(torch.div(a, scale, out=out), shift, out=out)
    return torch.mul(torch.add(a, shift, out=out), scale, out=out)


def apply_affine(
    layer: Networks, x: Tensor, scale: Tensor | None, shift: Tensor, steer: Half, *, inverse: bool
) -> Tensor:
    """Return the output of a coupling for ``x``, of which the half that steers is not changed."""
    a, b = split_half(layer, x, steer)
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or in_transform():
        return join_halves(transform(a, scale, shift, layer.order, inverse=inverse), b, steer)
    # Written into one tensor in the layout of x: `cat` would hold the new half twice.
    y = torch.empty_like(x)
    half, rest = split_half(layer, y, steer)
    rest.copy_(b)
    transform(a, scale, shift, layer.order, inverse=inverse, out=half)
    return y


def run_network(layer: object, net: nn.Module, h: Tensor, a: Tensor, parts: int = 1) -> Tensor:
    """Evaluate a network for ``a``; with ``parts``, it returns so many stacked along channels."""
    output = call_network(layer, net, h)
    expected = (a.shape[0], parts * a.shape[1], *a.shape[2:])
    if output.shape != expected:
        raise ValueError(
            f"{type(layer).__name__} expects its network to return shape {expected} for an "
            f"input of shape {tuple(h.shape)}, got {tuple(output.shape)}."
        )
    output = output if output.dtype == a.dtype else output.to(a.dtype)
    # Networks may return channels last. Arithmetic of that and an `a` in another layout is slow.
    return output if a.ndim != 4 or a.stride(1) == 1 else output.contiguous()
