"""A stack of axial layers over a whole image, and where its pixels are."""

import torch
from torch import Tensor, nn

from flowcolor.models.axial_attention import Axis, Map
from flowcolor.models.axial_block import AxialBlock


class Places(nn.Module):
    """A learned vector for each row and for each column, whose sum tells a pixel where it is."""

    def __init__(self, width: int, sides: tuple[int, int]) -> None:
        super().__init__()
        self.rows = nn.Parameter(0.02 * torch.randn(sides[0], 1, width))
        self.columns = nn.Parameter(0.02 * torch.randn(1, sides[1], width))

    def forward(self) -> Tensor:
        """Return the vectors of all pixels, :math:`(H, W, C)`."""
        return self.rows + self.columns


class AxialStack(nn.Module):
    """Layers that look along rows and then along columns, so that each pixel sees all others.

    Args:
        width: Channels.
        heads: Heads of every attention.
        sides: Height and width of the image.
        layers: How many; each has two blocks.
    """

    def __init__(self, width: int, heads: int, sides: tuple[int, int], layers: int) -> None:
        super().__init__()
        self.places = Places(width, sides)
        axes: list[Axis] = ["row", "column"]
        self.blocks = nn.ModuleList(
            AxialBlock(width, heads, sides, along) for _ in range(layers) for along in axes
        )

    def forward(self, x: Map) -> Map:
        """Return as many channels for each pixel."""
        x = x + self.places()
        for block in self.blocks:
            x, _ = block(x)
        return x
