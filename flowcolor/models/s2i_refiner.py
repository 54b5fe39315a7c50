"""A second look at an image, in the style of the same photograph."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import glu, interpolate, leaky_relu

from flowcolor.models.s2i_blocks import Grow, conv, gated, gates


class Refiner(nn.Module):
    """A U-Net whose innermost level sees a map that is grown from the style alone.

    Args:
        width: :math:`n`, as of the encoders.
        stems: As of the encoders; sides are halved once more than that.

    Shape:
        - ``image``: :math:`(B, 3, H, W)` in [-1, 1].
        - ``vectors``: of :math:`2n, 4n, 8n` numbers.
        - output: as ``image``.
    """

    def __init__(self, width: int, stems: int) -> None:
        super().__init__()
        levels = stems + 1
        widths = [max(1, 2 * width // 2**place) for place in reversed(range(levels))]
        self.down = nn.ModuleList(
            nn.Sequential(
                conv(channels, out, 4, 2, 1),
                nn.BatchNorm2d(out, affine=False),
                nn.LeakyReLU(0.2),
            )
            for channels, out in zip([3, *widths], widths, strict=False)
        )
        self.mix = nn.Linear(14 * width, 8 * width)
        self.start = nn.ConvTranspose2d(8 * width, 4 * width, 4, bias=False)
        self.paint = nn.Sequential(
            Grow(2 * width, 2 * width, refines=True),
            Grow(2 * width, width, refines=True),
            Grow(width, width, refines=True),
        )
        inner = width
        grow, scales = [], []
        for place, skip in enumerate(reversed(widths)):
            out = max(1, 4 * width // 2**place)
            scales.append(gates(8 * width, inner + skip))
            grow.append(Grow(inner + skip, out, refines=True))
            inner = out
        self.grow, self.gates = nn.ModuleList(grow), nn.ModuleList(scales)
        self.image = conv(inner, 3, 3, padding=1)

    def forward(self, image: Tensor, vectors: Sequence[Tensor]) -> Tensor:
        """Return the refined image."""
        skips = []
        seen = image
        for down in self.down:
            seen = down(seen)
            skips.append(seen)
        style = leaky_relu(self.mix(torch.cat(list(vectors), 1)), 0.2)
        x = self.paint(glu(self.start(style[:, :, None, None]), 1))
        if self.training and torch.rand((), device="cpu") < 0.5:
            x = x.flip(3)  # The map must not know where things lie: it is made of the style alone.
        sides = (skips[-1].shape[-2], skips[-1].shape[-1])
        if x.shape[-2:] != sides:
            x = interpolate(x, sides, mode="bilinear", align_corners=False)
        for gate, grow, skip in zip(self.gates, self.grow, reversed(skips), strict=True):
            x = grow(gated(torch.cat([x, skip], 1), gate, style))
        refined: Tensor = self.image(x).tanh()
        return refined
