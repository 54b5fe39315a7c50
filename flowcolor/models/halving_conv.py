"""A 3x3 convolution that halves sides, down to those of one pixel."""

from torch import Tensor, nn
from torch.nn.functional import pad

from flowcolor.values import casts


class HalvingConv(nn.Conv2d):
    """A 3x3 convolution of stride 2 whose gradients are whole under autocast, too.

    Where its input is one pixel wide, torch (2.15, on a CPU) leaves parts of the weight's gradient
    in bfloat16 as they were in memory. A column of zeros beside the pixel changes nothing else.

    Args:
        before: Channels of the input.
        after: Channels of the output.

    Example:
        >>> import torch
        >>> HalvingConv(3, 4)(torch.rand(2, 3, 5, 1)).shape
        torch.Size([2, 4, 3, 1])
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        narrow = casts(x.device.type) and x.shape[-1] == 1
        return super().forward(pad(x, (0, 1)) if narrow else x)
