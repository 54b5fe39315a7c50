r"""The arithmetic of couplings: split, scale and shift by networks."""

from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.base import LogDet
from flowcolor.layers.functional.layout import for_networks
from flowcolor.layers.functional.scale import Scale, positive_scale
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


def affine(layer: Networks, h: Tensor, a: Tensor, *, inverse: bool) -> tuple[Tensor, LogDet]:
    """Scale and shift ``a`` by what networks make of ``h``, or undo it; return the log-det, too."""
    h = for_networks(h, layer.net, layer.shift_net)
    scale, shift, logdet = _scale_and_shift(layer, h, a)
    if scale is None:
        y = a - shift if inverse else a + shift
    elif layer.order == "scale_shift":
        y = (a - shift) / scale if inverse else torch.addcmul(shift, a, scale)
    else:
        y = a / scale - shift if inverse else (a + shift) * scale
    return y, -logdet if inverse else logdet


def _scale_and_shift(layer: Networks, h: Tensor, a: Tensor) -> tuple[Tensor | None, Tensor, LogDet]:
    """Return scale, shift and log-det for ``a``, in its precision whatever autocast does to h.

    The scale is ``None`` where there is none.
    """
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
