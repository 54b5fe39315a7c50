"""Encoders of drawings and of photographs, of one shape."""

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from flowcolor.models.s2i_blocks import EncoderBlock, conv


class MapEncoder(nn.Module):
    """Halve an image until its side is an eighth of the smallest size, and keep three maps.

    Args:
        channels: Of the image.
        width: :math:`n`; the maps have :math:`2n, 4n, 8n` channels.
        stems: How often it is halved before the first of three blocks.
        unit_gains: See :func:`~flowcolor.models.s2i_blocks.norm`.

    Shape:
        - input: :math:`(B, C, H, W)`.
        - output: three maps, of 1/2, 1/4 and 1/8 of the sides, and all of that :math:`2^{-s}` after
          :math:`s` stems.
    """

    def __init__(self, channels: int, width: int, stems: int, *, unit_gains: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for stem in range(stems):
            out = width // 2 ** (stems - 1 - stem)
            layers.append(halving(channels, out))
            if stem == 0:
                layers.append(nn.LeakyReLU(0.2))
            else:
                layers += [nn.BatchNorm2d(out), nn.LeakyReLU(0.1)]
            channels = out
        self.stem = nn.Sequential(*layers)
        stages: list[nn.Module] = []
        for place in range(3):
            out = 2 ** (place + 1) * width
            activation = [nn.LeakyReLU(0.1)] if place else []
            stages.append(
                nn.Sequential(
                    *activation, halving(channels, out), EncoderBlock(out, unit_gains=unit_gains)
                )
            )
            channels = out
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the three maps, the finest first."""
        maps = [self.stem(image)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]


class StyleEncoder(MapEncoder):
    """Three vectors of a photograph, of :math:`2n, 4n, 8n` numbers, wherever its things lie.

    Args:
        width: :math:`n`.
        stems: As for :class:`MapEncoder`.
        unit_gains: As for :class:`MapEncoder`.
    """

    def __init__(self, width: int, stems: int, *, unit_gains: bool = False) -> None:
        super().__init__(3, width, stems, unit_gains=unit_gains)
        self.vectors = nn.ModuleList(
            conv(2**place * width, 2**place * width, 4) for place in (1, 2, 3)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the three vectors, the shortest first."""
        maps = super().forward(image)
        pairs = zip(self.vectors, maps, strict=True)
        return [vector(adaptive_avg_pool2d(found, 4))[:, :, 0, 0] for vector, found in pairs]


def halving(channels: int, out: int) -> nn.Conv2d:
    """Return a convolution by which sides are halved."""
    return nn.Conv2d(channels, out, 4, 2, padding=1, bias=False)
