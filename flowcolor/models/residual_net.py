r"""The sub-network inside a coupling."""

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import group_norm

from flowcolor.arguments import (
    check_choice,
    check_count,
    check_parameters,
    check_positive,
    plain_numbers,
)
from flowcolor.layers.functional.layout import has_channels_last
from flowcolor.layers.functional.planes import check_images

Norm = Literal["instance", "layer", "none"]


class ResidualNet(nn.Module):
    r"""Three convolutions with a residual connection, then a 1x1 convolution that starts at zero.

    .. math:: f(x) = W \bigl(x + (\mathrm{ReLU} \circ \mathrm{norm} \circ K)^3 (x)\bigr) + b

    Args:
        channels: Channels of the input.
        out_channels: Channels of the result.
        norm: ``"instance"`` normalises each channel of each image, as in the thesis; ``"layer"``
            all channels of an image together; ``"none"`` nothing.
        norm_eps: Added to the variance, above 0. With ``"instance"`` a channel that is nearly
            constant over the image (blank paper) is amplified by up to ``1 / sqrt(norm_eps)``,
            rounding errors included.
        width: Channels of the convolutions :math:`K`. ``None``: those of the input, else a 1x1
            convolution brings the input to so many first.

    Shape:
        - ``x``: :math:`(B, C, H, W)` with more than one pixel.

    Reference:
        :ref:`The thesis <the-thesis>`, section 3.5.
    """

    takes_any_layout = True  # See `flowcolor.layers.functional.layout`.

    @plain_numbers
    def __init__(
        self,
        channels: int,
        out_channels: int,
        norm: Norm = "instance",
        norm_eps: float = 0.1,
        width: int | None = None,
    ) -> None:
        super().__init__()
        check_choice(self, norm=(norm, Norm))
        width = channels if width is None else width
        check_count(self, channels=channels, out_channels=out_channels, width=width)
        sizes = {"channels": channels, "out_channels": out_channels, "width": width}
        check_parameters(self, width * (channels + 27 * width + out_channels), **sizes)
        check_positive(self, norm_eps=norm_eps)  # At 0, of a blank drawing nothing is a number.
        self.channels = channels
        self.norm: Norm = norm
        self.lift = nn.Identity() if width == channels else nn.Conv2d(channels, width, 1)
        stages: list[nn.Module] = []
        for _ in range(3):
            stages.append(nn.Conv2d(width, width, kernel_size=3, padding=1))
            if norm == "instance":
                stages.append(_InstanceNorm(width, eps=norm_eps))
            elif norm == "layer":
                stages.append(nn.GroupNorm(1, width, eps=norm_eps, affine=False))
            stages.append(nn.ReLU())
        self.body = nn.Sequential(*stages)
        self.out = nn.Conv2d(width, out_channels, kernel_size=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Return :math:`f(x)`."""
        check_images(self, x, self.channels)
        if self.norm == "instance" and x.shape[2] * x.shape[3] == 1:
            raise ValueError(
                "ResidualNet with norm 'instance' expects more than one pixel, got an input of "
                f"shape {tuple(x.shape)}."
            )
        x = self.lift(x)
        result: Tensor = self.out(x + self.body(x))
        return result


class _InstanceNorm(nn.InstanceNorm2d):
    takes_any_layout = True

    def forward(self, x: Tensor) -> Tensor:
        if has_channels_last(x):  # The same, but without a copy to another layout and back.
            return group_norm(x, self.num_features, eps=self.eps)
        return super().forward(x)
