r"""The arithmetic of couplings: split, scale and shift by networks."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from flowcolor.layers.base import LogDet
from flowcolor.layers.functional.layout import for_networks
from flowcolor.layers.functional.scale import SCALES, Scale, positive_scale
from flowcolor.layers.reversible.torch_private import in_transform
from flowcolor.layers.subnetwork import call_network


@runtime_checkable  # Without it, tests that check annotations at run time fail.
class Networks(Protocol):
    """What is read from a coupling."""

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


def sum_per_sample(log_scale: Tensor) -> LogDet:
    """Return the sum for each image."""
    return log_scale.sum(tuple(range(1, log_scale.ndim)))


def affine(layer: Networks, h: Tensor, a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return scale, log-scale and shift for ``a``, in its precision whatever autocast does to h."""
    h = for_networks(h, layer.net, layer.shift_net)
    if layer.shift_net is None:
        raw, shift = run_network(layer, layer.net, h, a, parts=2).chunk(2, dim=1)
    else:
        raw = run_network(layer, layer.net, h, a)
        shift = run_network(layer, layer.shift_net, h, a)
    return *positive_scale(raw, layer.scale), shift


def apply_affine(x: Tensor, scale: Tensor, shift: Tensor, *, inverse: bool) -> Tensor:
    """Return the output of a coupling for ``x``, of which the second half is not changed."""
    a, b = x.chunk(2, dim=1)
    if torch.is_grad_enabled() or torch.compiler.is_compiling() or in_transform():
        a = (a - shift) / scale if inverse else torch.addcmul(shift, a, scale)
        return torch.cat([a, b], 1)
    # Written into one tensor in the layout of x: `cat` would hold the new half twice.
    y = torch.empty_like(x)
    half, rest = y.chunk(2, dim=1)
    rest.copy_(b)
    if inverse:
        torch.sub(a, shift, out=half).div_(scale)
    else:
        torch.addcmul(shift, a, scale, out=half)
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
    output = output.to(a.dtype)
    # Networks may return channels last. Arithmetic of that and an `a` in another layout is slow.
    return output if a.ndim != 4 or a.stride(1) == 1 else output.contiguous()
