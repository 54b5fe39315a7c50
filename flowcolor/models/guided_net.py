r"""The U-Net of guided colorization, whose skips are summed."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from flowcolor.models.dilated_stages import middle, stage


class GuidedNet(nn.Module):
    r"""Map lightness, colours at points and where they are to chroma.

    Seven stages down to an eighth of the size, in which every other pixel is dropped between the
    first four, then three up: each a transposed convolution plus a convolution of what the way
    down knew at that size.

    Args:
        width: Channels of the first stage; they double up to eight times as many.

    Shape:
        - input: :math:`(B, 4, H, W)`, sides are multiples of 8.
        - output: :math:`(B, 2, H, W)`, without a limit.

    Attributes:
        channels: Of the features of each of the 13 places, in their order.

    Reference:
        Zhang et al., "Real-time user-guided image colorization with learned deep priors" (2017),
        section 3.3. https://arxiv.org/abs/1705.02999
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        one, two, four, eight = width, 2 * width, 4 * width, 8 * width
        self.channels = [one, two, four, *[eight] * 4, four, four, two, two, two, two]
        self.down = nn.ModuleList([stage(4, one), stage(one, two), stage(two, four, 3)])
        self.middle = middle(width)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(*channels, 4, 2, padding=1)
            for channels in ((eight, four), (four, two), (two, two))
        )
        self.skip = nn.ModuleList(
            nn.Conv2d(*channels, 3, padding=1)
            for channels in ((four, four), (two, two), (one, two))
        )
        self.after = nn.ModuleList(
            [
                nn.Sequential(nn.ReLU(), stage(four, four)),
                nn.Sequential(nn.ReLU(), stage(two, two, 1)),
                nn.Sequential(nn.ReLU(), nn.Conv2d(two, two, 3, padding=1)),
            ]
        )
        self.chroma = nn.Conv2d(two, 2, 1)

    def forward(self, x: Tensor, change: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        """Return the chroma.

        Args:
            x: The input.
            change: Gets the features of 13 places one after another, after each stage and after
                each sum of the way up, and returns those with which the network goes on.
        """
        change = _unchanged if change is None else change
        seen = []
        for down in self.down:
            x = change(down(x))
            seen.append(x)
            x = x[..., ::2, ::2]
        for stage_of_middle in self.middle:
            x = change(stage_of_middle(x))
        for up, skip, after in zip(self.up, self.skip, self.after, strict=True):
            x = change(up(x) + skip(seen.pop()))
            x = change(after(x))
        chroma: Tensor = self.chroma(leaky_relu(x, 0.2))
        return chroma


def _unchanged(x: Tensor) -> Tensor:
    return x
