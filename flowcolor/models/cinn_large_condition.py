"""What the larger flow of a conditional INN knows of a content."""

from collections.abc import Sequence
from itertools import pairwise
from math import gcd

from torch import Tensor, nn

from flowcolor.arguments import check_count, check_counts, plain_numbers
from flowcolor.layers.functional.planes import check_images
from flowcolor.models.cinn_blocks import convolution
from flowcolor.models.cinn_sizes import check_cinn_parameters


class LargeConditionNet(nn.Module):
    r"""Give the features of a content for each block of :func:`large_cinn_flow`.

    A network like VGG's with dilated convolutions sees the lightness and gives ``4 features``
    channels at a quarter of its size. From these, each convolutional block has a network of its
    own; all fully connected blocks share one. Normalisation is by groups of channels, not by
    batches, so that one image has the colours that it has among others.

    Args:
        features: Channels of the first convolution.
        widths: Of the networks of each level of the flow: so many maps its blocks get.
        blocks: Of each of the five levels.
        coarse: Side, at a sixteenth of the flow's resolution, of what the last level sees as one.

    Shape:
        - content: :math:`(B, 1, H, W)`, lightness of mean 0 and deviation 1, or about that.
        - result: of the levels :math:`(B, w_i, H/4 \cdot 2^i, W/4 \cdot 2^i)`, of the last
          :math:`(B, 8f, H/64k, W/64k)` for :math:`k` ``coarse``.

    Reference:
        Zhang et al., "Colorful image colorization" (2016), figure 2, of which it has the layers
        up to the classes of colours. https://arxiv.org/abs/1603.08511
    """

    @plain_numbers
    def __init__(
        self, features: int, widths: Sequence[int], blocks: Sequence[int], coarse: int
    ) -> None:
        super().__init__()
        check_count(self, features=features, coarse=coarse)
        check_counts(self, 5, blocks=blocks, widths=widths)
        check_cinn_parameters(self, blocks=blocks, features=features, coarse=coarse, widths=widths)
        f = features
        self.features = nn.Sequential(
            *_group([1, f, f], stride=2),
            *_group([f, 2 * f, 2 * f], stride=2),
            *_group([2 * f, 4 * f, 4 * f, 4 * f], stride=2),
            *_group([4 * f, 8 * f, 8 * f, 8 * f]),
            *_group([8 * f] * 4, dilation=2),
            *_group([8 * f] * 4, dilation=2),
            *_group([8 * f] * 4),
            nn.ConvTranspose2d(8 * f, 4 * f, 4, 2, padding=1),
            *(nn.ReLU(), convolution(4 * f, 4 * f), nn.ReLU(), convolution(4 * f, 4 * f)),
            nn.ReLU(),
        )
        path = [4 * f, 2 * f, 2 * f, 4 * f]
        counts = zip(blocks[:4], widths[:4], strict=True)
        self.levels = nn.ModuleList(
            _subnet(path[: level + 1], width)
            for level, (count, width) in enumerate(counts)
            for _ in range(count)
        )
        down = [4 * f, 2 * f, 4 * f, 4 * f, 8 * f]
        self.whole = nn.Sequential(*_strided(down), nn.AvgPool2d(coarse), _norm(8 * f))
        self.connected = blocks[4]
        self.least = 64 * (coarse - 1) + 1  # Six halvings, each rounded up.

    def forward(self, content: Tensor) -> list[Tensor]:
        """Return the maps of each block.

        Raises:
            ValueError: If ``content`` is none of those above, or too small for the last level.
        """
        check_images(self, content, 1, self.least)
        seen = self.features(content)
        return [level(seen) for level in self.levels] + [self.whole(seen)] * self.connected


def _group(sizes: Sequence[int], stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    stages: list[nn.Module] = []
    for index, (size, out) in enumerate(pairwise(sizes)):
        step = stride if index == len(sizes) - 2 else 1
        stages.append(nn.Conv2d(size, out, 3, step, padding=dilation, dilation=dilation))
        stages.append(nn.ReLU())
    return [*stages, _norm(sizes[-1])]


def _subnet(sizes: Sequence[int], maps: int) -> nn.Sequential:
    return nn.Sequential(*_strided(sizes), convolution(sizes[-1], maps), _norm(maps))


def _strided(sizes: Sequence[int]) -> list[nn.Module]:
    stages: list[nn.Module] = []
    for size, out in pairwise(sizes):
        stages += [convolution(size, out, stride=2), nn.LeakyReLU()]
    return stages


def _norm(channels: int) -> nn.GroupNorm:
    # Of sixteen channels, if that divides them: one pixel of one channel has no deviation.
    return nn.GroupNorm(gcd(channels, max(1, channels // 16)), channels)
