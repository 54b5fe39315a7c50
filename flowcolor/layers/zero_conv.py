r"""The last convolution of Glow's networks."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from flowcolor.arguments import check_count, check_number, check_parameters, plain_numbers
from flowcolor.layers.functional.planes import check_images


class ZeroConv2d(nn.Module):
    r"""A 3x3 convolution that starts at zero, with a learned scale for each channel.

    .. math:: y = e^{3 s} \odot (K * x + b), \qquad K = b = s = 0 \text{ at first}

    A coupling whose network ends in it starts as the identity, or nearly so, whatever the depth of
    the flow.

    Args:
        channels: Channels of the input.
        out_channels: Channels of the result.
        padding_value: What stands around the image. 1, as in public ports of Glow, lets the
            network know where the border is; in the code released with Glow, an additional channel
            tells.

    Shape:
        - ``x``: :math:`(B, C, H, W)`.
        - ``y``: :math:`(B, C', H, W)`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.3 and the code released with it.
        https://arxiv.org/abs/1807.03039

    Example:
        >>> ZeroConv2d(3, 6)(torch.randn(8, 3, 4, 4)).abs().max()
        tensor(0., grad_fn=<MaxBackward1>)
    """

    takes_any_layout = True  # See `flowcolor.layers.functional.layout`.

    @plain_numbers
    def __init__(self, channels: int, out_channels: int, padding_value: float = 1.0) -> None:
        super().__init__()
        check_count(self, channels=channels, out_channels=out_channels)
        sizes = {"channels": channels, "out_channels": out_channels}
        check_parameters(self, 9 * channels * out_channels, **sizes)
        check_number(self, padding_value=padding_value)
        self.padding_value = padding_value
        self.weight = nn.Parameter(torch.zeros(out_channels, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.log_scale = nn.Parameter(torch.zeros(out_channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return :math:`y`."""
        check_images(self, x, self.weight.shape[1])
        padded = functional.pad(x, (1, 1, 1, 1), value=self.padding_value)
        y = functional.conv2d(padded, self.weight, self.bias)
        return y * (3 * self.log_scale).exp()
