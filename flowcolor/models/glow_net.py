r"""The sub-network of Glow's couplings."""

from torch import Tensor, nn

from flowcolor.arguments import check_count, check_parameters, plain_numbers
from flowcolor.layers import ZeroConv2d
from flowcolor.layers.functional.planes import check_images


class GlowNet(nn.Module):
    r"""Three convolutions, the last of which starts at zero.

    .. math:: f(x) = Z\,(\mathrm{ReLU}(K_2\, \mathrm{ReLU}(K_1 * x + b_1) + b_2))

    with :math:`K_1` of 3x3, :math:`K_2` of 1x1, and :math:`Z` a
    :class:`~flowcolor.layers.ZeroConv2d`.

    Args:
        channels: Channels of the input.
        out_channels: Channels of the result.
        hidden: Channels in between.
        padding_value: See :class:`~flowcolor.layers.ZeroConv2d`.

    Shape:
        - ``x``: :math:`(B, C, H, W)`.

    Reference:
        Kingma and Dhariwal, "Glow" (2018), section 3.3. https://arxiv.org/abs/1807.03039
    """

    takes_any_layout = True  # See `flowcolor.layers.functional.layout`.

    @plain_numbers
    def __init__(
        self, channels: int, out_channels: int, hidden: int = 512, padding_value: float = 1.0
    ) -> None:
        super().__init__()
        check_count(self, channels=channels, out_channels=out_channels, hidden=hidden)
        sizes = {"channels": channels, "out_channels": out_channels, "hidden": hidden}
        check_parameters(self, hidden * (9 * channels + hidden + 9 * out_channels), **sizes)
        self.channels = channels
        first = nn.Conv2d(channels, hidden, kernel_size=3, padding=1)
        second = nn.Conv2d(hidden, hidden, kernel_size=1)
        for conv in (first, second):
            nn.init.normal_(conv.weight, std=0.05)
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        last = ZeroConv2d(hidden, out_channels, padding_value)
        # In place, where nothing needs what was there: half of the memory of a step.
        self.body = nn.Sequential(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True), last)

    def forward(self, x: Tensor) -> Tensor:
        """Return :math:`f(x)`."""
        check_images(self, x, self.channels)
        result: Tensor = self.body(x)
        return result
