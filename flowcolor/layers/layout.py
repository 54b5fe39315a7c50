"""The order in which the numbers of a batch of images lie in memory."""

import torch
from torch import Tensor, nn


def has_channels_last(x: Tensor) -> bool:
    """Tell whether the channels of each pixel of a batch of images lie side by side."""
    return (
        x.ndim == 4
        and x.is_contiguous(memory_format=torch.channels_last)
        and not x.is_contiguous()  # With one channel or one pixel it is both.
    )


def for_convolutions(x: Tensor) -> Tensor:
    """Return ``x`` in the layout in which a CPU convolves it fastest.

    oneDNN's convolutions take channels last as they come; from any other layout they copy images
    to a layout of their own and back. On other devices, and while compiling, nothing is changed.
    """
    if torch.compiler.is_compiling() or x.device.type != "cpu" or x.ndim != 4:
        return x
    if x.dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():
        return x
    return x.contiguous(memory_format=torch.channels_last)


def run(net: nn.Module, x: Tensor) -> Tensor:
    """Run a network on images in the layout that suits it."""
    # Somebody's own `forward` may hold a `view`, which some layouts refuse; torch's own do not.
    if not torch.compiler.is_compiling() and all(
        type(part).__module__.startswith("torch.nn.modules.") for part in net.modules()
    ):
        x = for_convolutions(x)
    output: Tensor = net(x)
    return output
