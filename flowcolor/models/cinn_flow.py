r"""The smaller flow of a conditional INN that colours, and the network that conditions it."""

from collections.abc import Sequence

from torch import Tensor, nn

from flowcolor.arguments import check_count, check_counts, check_parameters, plain_numbers
from flowcolor.layers import (
    Chain,
    HaarDownsample,
    Inverted,
    InvertibleConv1x1,
    InvertibleLayer,
    Partial,
    Squeeze,
)
from flowcolor.layers.functional.planes import check_images
from flowcolor.models.cinn_blocks import convolution, coupling_pair
from flowcolor.models.cinn_sizes import check_cinn_parameters

REBALANCE = 0.5  # Means of a smooth image double at every level, and this halves them.


class ConditionNet(nn.Module):
    r"""Give the features of a content for each block of :func:`cinn_flow`, level by level.

    Convolutions of 3x3 with LeakyReLU between them, at the flow's resolution, a half and a quarter
    of it; then the means of 4x4 patches, and one convolution that sees all of the coarsest grid.

    Args:
        features: Channels of the finest level; of the next two twice as many, of the last eight
            times.
        shrink: How much coarser the flow is than the content.
        coarse: Side, at a quarter of the flow's resolution, of what the last level sees as one.
        blocks: Of each of the four levels.

    Shape:
        - content: :math:`(B, 1, H, W)`, lightness of mean 0 and deviation 1, or about that.
        - result: of the levels :math:`(B, f, H/s, W/s)`, :math:`(B, 2f, H/2s, W/2s)`,
          :math:`(B, 2f, H/4s, W/4s)` and :math:`(B, 8f, H/4sk, W/4sk)` for :math:`k` ``coarse``.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), section 3. https://arxiv.org/abs/1907.02392
    """

    @plain_numbers
    def __init__(self, features: int, shrink: int, coarse: int, blocks: Sequence[int]) -> None:
        super().__init__()
        check_count(self, features=features, shrink=shrink, coarse=coarse)
        check_counts(self, 4, blocks=blocks)
        check_cinn_parameters(self, blocks=blocks, features=features, coarse=coarse)
        check_parameters(self, features * (shrink + 2) ** 2, features=features, shrink=shrink)
        f, g, pool = features, 2 * features, min(4, coarse)
        act = nn.LeakyReLU()
        # With as many pixels around as there are in a step, so that none is left out.
        first = nn.Conv2d(1, f, shrink + 2, stride=shrink, padding=1)
        self.levels = nn.ModuleList(
            [
                nn.Sequential(first, act, convolution(f, f)),
                nn.Sequential(act, convolution(f, g), act, convolution(g, g, stride=2)),
                nn.Sequential(act, convolution(g, g, stride=2)),
                nn.Sequential(
                    act, nn.AvgPool2d(pool), nn.Conv2d(g, 4 * g, coarse // pool, coarse // pool)
                ),
            ]
        )
        self.blocks = list(blocks)
        # A grid of the last level is whole: half of a side is rounded up, a part of a grid is none.
        self.least = shrink * (4 * (pool * (coarse // pool) - 1) + 1)

    def forward(self, content: Tensor) -> list[Tensor]:
        """Return the features of each block; those of a level are the same.

        Raises:
            ValueError: If ``content`` is none of those above, or too small for the last level.
        """
        check_images(self, content, 1, self.least)
        found: list[Tensor] = []
        for level, count in zip(self.levels, self.blocks, strict=True):
            content = level(content)
            found += [content] * count
        return found


@plain_numbers
def cinn_flow(
    channels: int, blocks: Sequence[int], widths: Sequence[int], features: int, coarse: int
) -> Chain:
    r"""Build three levels of convolutional blocks and one of fully connected ones.

    A block is two couplings, each half changed by what the other half and the condition say, and
    a random exchange of channels. Of ``4 channels`` three quarters leave after the second level,
    half after the third. The last level sees a grid of ``coarse`` x ``coarse`` pixels as one, so
    larger images have several such grids. Every level ends in un-squeezing, so the latent has the
    shape of the data.

    Args:
        channels: Of the data.
        blocks: Of each of the four levels.
        widths: Channels inside of the networks of each level.
        features: As :class:`ConditionNet` was told.
        coarse: In the same way.

    Reference:
        Ardizzone et al., "Guided image generation with conditional invertible neural networks"
        (2019), section 3. https://arxiv.org/abs/1907.02392. The sizes are those of the small
        example in the code released with it.
    """
    check_count(cinn_flow, channels=channels, features=features, coarse=coarse)
    check_counts(cinn_flow, 4, blocks=blocks, widths=widths)
    check_cinn_parameters(
        cinn_flow, blocks=blocks, features=features, coarse=coarse, channels=channels, widths=widths
    )
    c, conditions = channels, (features, 2 * features, 2 * features, 8 * features)
    sizes, clamps = (c, 4 * c, 4 * c, 2 * c * coarse**2), (1.0, 1.0, 1.0, 0.6)
    levels: list[list[InvertibleLayer]] = []
    for level, count in enumerate(blocks):
        size, layers = sizes[level], []  # type: tuple[int, list[InvertibleLayer]]
        for block in range(count):
            # Every other network of the middle levels looks at single pixels.
            kernel = 1 if level == 3 or (level > 0 and block % 2 == 0) else 3
            network = _Network(widths[level], kernel)
            layers += coupling_pair(size, conditions[level], network, clamps[level])
            if size > 3:  # Fewer channels have no order to speak of.
                layers.append(InvertibleConv1x1(size, "permutation"))
        levels.append(layers)
    finest, half, quarter, last = levels
    connected = Chain([Squeeze(coarse), *last, Inverted(Squeeze(coarse))])
    coarser = Chain(
        [
            HaarDownsample(c, REBALANCE),
            *quarter,
            Partial(connected, passed=2 * c),
            Inverted(Squeeze()),
        ]
    )
    middle = [HaarDownsample(c, REBALANCE), *half, Partial(coarser, passed=3 * c)]
    return Chain([*finest, *middle, Inverted(Squeeze())])


class _Network:
    """Builds two convolutions."""

    def __init__(self, width: int, kernel: int) -> None:
        self.width, self.kernel = width, kernel

    def __call__(self, channels: int, out_channels: int) -> nn.Module:
        return nn.Sequential(
            convolution(channels, self.width, self.kernel),
            nn.ReLU(inplace=True),
            convolution(self.width, out_channels, self.kernel),
        )
