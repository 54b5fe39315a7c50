"""ColTran's upsamplers: the 256 levels of a channel, all pixels at once."""

import torch
from jaxtyping import Integer
from torch import Tensor, nn

from flowcolor.models.axial_attention import Map
from flowcolor.models.axial_stack import AxialStack
from flowcolor.models.color_symbols import Channels, Symbols


class ColTranUpsampler(nn.Module):
    """Logits of 256 levels for one channel of each pixel, given a rougher image and the grey one.

    The three channels are three passes, as if there were one image for each.

    Args:
        side: Side of the images.
        width: Channels of the network.
        heads: Heads of every attention.
        layers: How many, see :class:`~flowcolor.models.axial_stack.AxialStack`.
        levels: Of a channel of the rougher image: 8 where its colours are rough, 256 where it had
            fewer pixels.

    Reference:
        Kumar et al., "Colorization transformer" (2021), section 4.4.
        https://arxiv.org/abs/2102.04432
    """

    def __init__(self, side: int, width: int, heads: int, layers: int, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.gray = nn.Embedding(256, width)
        self.symbol = nn.Embedding(3 * levels, width)
        self.join = nn.Linear(2 * width, width, bias=False)
        self.stack = AxialStack(width, heads, (side, side), layers)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 256)

    def forward(self, gray: Symbols, rough: Channels, channel: Integer[Tensor, " batch"]) -> Map:
        """Return the logits of one channel of each image, :math:`(B, H, W, 256)`.

        Args:
            gray: Levels of the grey image, from 0 to 255.
            rough: Levels of the rougher image.
            channel: Which of the three channels, for each image.
        """
        chosen = rough[torch.arange(rough.shape[0], device=rough.device), channel]
        symbols = self.symbol(chosen + self.levels * channel[:, None, None])
        x = self.join(torch.cat([self.gray(gray), symbols], -1))
        found: Map = self.head(self.norm(self.stack(x)))
        return found

    def likeliest(self, gray: Symbols, rough: Channels) -> Channels:
        """Return the likeliest level of every channel of every pixel."""
        batch = rough.shape[0]  # Of `len`, an exported program would take the example's alone.
        channels = torch.arange(3, device=rough.device)
        found = [self(gray, rough, channel.expand(batch)).argmax(-1) for channel in channels]
        return torch.stack(found, 1)
