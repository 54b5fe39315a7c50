"""From the maps of a drawing and the style of a photograph to an image."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

from flowcolor.models.s2i_blocks import DecoderBlock, Grow, gated, gates, twice
from flowcolor.models.s2i_dual_mask import DualMask


class MapDecoder(nn.Module):
    """Grow an image from a learned constant; maps say where, vectors say in which colours.

    Args:
        width: :math:`n`, as of the encoders.
        stems: As of the encoders.
        unit_gains: As of the encoders.

    Shape:
        - maps: of :math:`2n, 4n, 8n` channels, the finest first.
        - vectors: of as many numbers.
        - output: :math:`(B, 3, H, W)` in [-1, 1].
    """

    def __init__(self, width: int, stems: int, *, unit_gains: bool = False) -> None:
        super().__init__()
        two, four, eight = 2 * width, 4 * width, 8 * width
        self.constant = nn.Parameter(torch.randn(1, eight, 8, 8))
        self.first = DecoderBlock(2 * eight, unit_gains=unit_gains)
        self.narrow = nn.Sequential(
            nn.LeakyReLU(0.1), _conv(2 * eight, eight), nn.InstanceNorm2d(eight)
        )
        self.coarse_mask, self.middle_mask = DualMask(eight), DualMask(four)
        self.style = nn.Sequential(
            nn.Linear(eight, eight),
            nn.ReLU(),
            nn.Linear(eight, eight),
            nn.BatchNorm1d(eight),
        )
        self.second = DecoderBlock(eight, unit_gains=unit_gains)
        self.to_middle = _conv(eight, four)
        self.third = DecoderBlock(four, unit_gains=unit_gains)
        self.to_fine = _conv(2 * four, two)
        self.fourth = DecoderBlock(two, unit_gains=unit_gains)
        widths = [four, *(max(1, width // 2**place) for place in range(stems + 1))]
        self.grow = nn.ModuleList(map(Grow, widths, widths[1:]))
        sources = zip((eight, four, two), widths[1:], strict=False)
        self.gates = nn.ModuleList(gates(source, out) for source, out in sources)
        self.image = _conv(widths[-1], 3)

    def forward(self, maps: Sequence[Tensor], vectors: Sequence[Tensor]) -> Tensor:
        """Return the image."""
        fine, middle, coarse = maps
        sides = (coarse.shape[-2], coarse.shape[-1])
        start: Tensor = self.constant
        if start.shape[-2:] != sides:
            start = interpolate(start, sides, mode="bilinear", align_corners=False)
        x = self.first(torch.cat([start.expand(coarse.shape[0], -1, -1, -1), coarse], 1))
        x = self.coarse_mask(self.narrow(x), coarse)
        x = gated(x, self.style, vectors[-1])
        x = self.second(leaky_relu(x, 0.1))
        x = self.third(self.to_middle(twice(x)))
        x = torch.cat([self.middle_mask(x, middle), middle], 1)
        x = self.fourth(self.to_fine(twice(leaky_relu(x, 0.1))))
        x = torch.cat([x, fine], 1)
        for place, grow in enumerate(self.grow):
            x = grow(x)
            if place < len(self.gates):
                x = gated(x, self.gates[place], vectors[2 - place])
        image: Tensor = self.image(x).tanh()
        return image


def _conv(channels: int, out: int) -> nn.Conv2d:
    return nn.Conv2d(channels, out, 3, padding=1, bias=False)
