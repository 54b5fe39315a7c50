"""The order in which the numbers of a batch of images lie in memory."""

import torch
from torch import Tensor, nn

from flowcolor.layers.reversible.torch_private import in_transform, parts_of


def has_channels_last(x: Tensor) -> bool:
    """Tell whether the channels of each pixel of a batch of images lie side by side."""
    return (
        x.ndim == 4
        and not in_transform()  # There, no layout can be asked for.
        and x.is_contiguous(memory_format=torch.channels_last)
        and not x.is_contiguous()  # With one channel or one pixel it is both.
    )


def for_networks(x: Tensor, *networks: nn.Module | None) -> Tensor:
    """Return ``x`` in the layout in which a CPU evaluates these networks fastest.

    oneDNN's convolutions take channels last as they come; from any other layout they copy images
    to a layout of their own and back. Nothing is changed on other devices, while compiling, and for
    networks that may mind.
    """
    if torch.compiler.is_compiling() or in_transform() or x.device.type != "cpu" or x.ndim != 4:
        return x
    if x.dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():
        return x
    if not all(net is None or _takes_any_layout(net) for net in networks):
        return x
    return x.contiguous(memory_format=torch.channels_last)


def _takes_any_layout(net: nn.Module) -> bool:
    # Somebody's own `forward` may hold a `view`, which some layouts refuse; torch's own do not.
    others = [p for p in parts_of(net) if not type(p).__module__.startswith("torch.nn.modules.")]
    return all(getattr(part, "takes_any_layout", False) for part in others)
