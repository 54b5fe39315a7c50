"""ColTran's core: the probability of coarse colours, one pixel after another."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from flowcolor.models.axial_attention import Axis, Map
from flowcolor.models.axial_block import AxialBlock, blocks_of
from flowcolor.models.axial_stack import AxialStack, Places
from flowcolor.models.color_symbols import BINS, Symbols
from flowcolor.models.style_vector import StyleVector


class ColTranCore(nn.Module):
    r"""Probabilities of 512 colours for each pixel, given the grey image and all pixels before it.

    .. math:: p(x \mid g) = \prod_i p(x_i \mid x_{<i}, g)

    in the order of reading. An encoder looks at the grey image. The outer decoder looks at the rows
    above: along them without a mask, and down to them with one, and then everything moves down by a
    row. The inner decoder looks at what is left of a pixel: everything moves right by one, and then
    along the row with a mask. Both decoders are conditioned on the encoding, the inner one on
    the outer, too, but for its norms, whose means over the image would tell it the future.

    Args:
        side: Side of the images, which the learned places fix.
        width: Channels.
        heads: Heads of every attention.
        layers: Of encoder, outer and inner decoder.
        with_reference: Whether a reference's style is added to the encoding.

    Reference:
        Kumar et al., "Colorization transformer" (2021), section 4.
        https://arxiv.org/abs/2102.04432
    """

    def __init__(
        self,
        side: int,
        width: int,
        heads: int,
        layers: Sequence[int],
        *,
        with_reference: bool = False,
    ) -> None:
        super().__init__()
        sides = (side, side)
        seeing, above, left = layers
        self.side = side
        self.gray = nn.Embedding(256, width)
        self.encoder = AxialStack(width, heads, sides, seeing)
        self.style = StyleVector(width) if with_reference else None
        self.parallel = nn.Linear(width, BINS, bias=False)
        self.symbol = nn.Embedding(BINS, width)
        self.outer_places = Places(width, sides)
        axes: list[Axis] = ["row", "column"]
        self.outer = nn.ModuleList(
            AxialBlock(
                width,
                heads,
                sides,
                along,
                masked=along == "column",
                condition=width,
                context=width,
            )
            for _ in range(above)
            for along in axes
        )
        self.inner_places = Places(width, sides)
        self.inner = nn.ModuleList(
            AxialBlock(width, heads, sides, "row", masked=True, condition=2 * width, context=width)
            for _ in range(left)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, BINS)

    def encode(self, gray: Symbols, reference: Tensor | None = None) -> Map:
        """Return the encoding of grey levels from 0 to 255, with the style of photographs."""
        seen: Map = self.encoder(self.gray(gray))
        if self.style is None or reference is None:
            return seen
        style: Tensor = self.style(reference)
        return seen + style[:, None, None]

    def forward(self, bins: Symbols, encoding: Map) -> Map:
        """Return the logits of every pixel, given all before it, :math:`(B, H, W, 512)`.

        Args:
            bins: The colours that are there, of which a pixel sees those before it.
            encoding: What :meth:`encode` returned.
        """
        symbols = self.symbol(bins)
        x = symbols + self.outer_places()
        for block in blocks_of(self.outer):
            x, _ = block(x, encoding, block.scales(encoding))
        above = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1)
        condition = torch.cat([encoding, above], -1)
        x = torch.cat([torch.zeros_like(symbols[:, :, :1]), symbols[:, :, :-1]], 2)
        x = x + self.inner_places()
        for block in blocks_of(self.inner):
            x, _ = block(x, condition, block.scales(encoding))
        return self.logits(x)

    def logits(self, x: Map) -> Map:
        """Return the logits of what the inner decoder found."""
        found: Map = self.head(self.norm(x))
        return found
