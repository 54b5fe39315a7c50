"""Content of a drawing and style of a photograph, and an image of both."""

from torch import nn

from flowcolor.models.s2i_decoder import MapDecoder
from flowcolor.models.s2i_encoder import MapEncoder, StyleEncoder


class Autoencoder(nn.Module):
    """Encoders of drawings and of photographs, and a decoder of what both say.

    Args:
        width: :math:`n`; maps and vectors have :math:`2n, 4n, 8n` channels.
        stems: How often images are halved beyond three times.
        unit_gains: See :func:`~flowcolor.models.s2i_blocks.norm`.
    """

    def __init__(self, width: int, stems: int, *, unit_gains: bool = False) -> None:
        super().__init__()
        self.content = MapEncoder(1, width, stems, unit_gains=unit_gains)
        self.style = StyleEncoder(width, stems, unit_gains=unit_gains)
        self.decoder = MapDecoder(width, stems, unit_gains=unit_gains)
