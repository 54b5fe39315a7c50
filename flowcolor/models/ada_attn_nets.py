"""What stands before and after the attention of AdaAttN: a small encoder, and the decoder."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate


class SmallEncoder(nn.Module):
    r"""Five layers of features, each at half the size of the one before, in VGG's manner.

    Args:
        widths: Channels of the five.

    Shape:
        - input: :math:`(B, 3, H, W)` in [0, 1], sides are multiples of 16.
        - output: five of :math:`(B, C_i, H / 2^i, W / 2^i)`, :math:`i` from 0.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.first = _conv(3, widths[0])
        pairs = pairwise(widths)
        self.rest = nn.ModuleList(
            nn.Sequential(
                _conv(before, before), nn.ReLU(), nn.MaxPool2d(2), _conv(before, after), nn.ReLU()
            )
            for before, after in pairs
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        found: list[Tensor] = [self.first(2 * images - 1).relu()]
        for stage in self.rest:
            found.append(stage(found[-1]))
        return found


class MergingDecoder(nn.Module):
    """Join features of the last three of five layers, and make an image of them.

    Args:
        widths: Channels of the five layers; the last two have the same.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        first, second, third, fourth, _ = widths
        self.merge = _conv(fourth, fourth)
        self.begin = _conv(fourth, third)
        sizes = [2 * third, third, third, third, second, second, first, first, 3]
        pairs = pairwise(sizes)
        self.convs = nn.ModuleList(_conv(before, after) for before, after in pairs)

    def forward(self, third: Tensor, fourth: Tensor, fifth: Tensor) -> Tensor:
        """Return the image, not clamped."""
        x: Tensor = self.merge(fourth + _doubled(fifth))
        x = torch.cat([_doubled(self.begin(x).relu()), third], 1)
        last = len(self.convs) - 1
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i < last:
                x = x.relu()
            if i in (3, 5):
                x = _doubled(x)
        return x


def _conv(before: int, after: int) -> nn.Module:
    conv = nn.Conv2d(before, after, 3, padding=1, padding_mode="reflect")
    # Torch's own start would make features smaller layer by layer, until the smallest variance that
    # normalisation knows is more than theirs.
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _doubled(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2.0)
