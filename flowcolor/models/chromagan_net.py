"""The network of ChromaGAN: what is where, what the whole picture is, and colours of both."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from flowcolor.models.dilated_stages import normed, stage
from flowcolor.models.halving_conv import HalvingConv

Encoder = Literal["vgg16", "small"]

_CONVOLUTIONS = (2, 2, 3, 3)  # Of VGG16's stages, up to its tenth convolution.


class ChromaGANNet(nn.Module):
    r"""Map lightness to chroma, and to classes of the whole picture.

    .. math:: f = E(L), \quad g = G(f), \quad x = U\big([M(f), D(g)]\big), \quad p = C(g)

    with an encoder :math:`E` to an eighth of the size, four convolutions :math:`G` to a
    thirty-second and to ``areas`` times ``areas`` means, dense layers :math:`D` without
    activations, whose one answer is repeated at all places, two convolutions :math:`M`, and a way
    up :math:`U`, which doubles the size three times by repeating pixels.

    Args:
        width: Channels of the first stage; all others are proportional.
        encoder: ``"vgg16"``, its first ten convolutions; ``"small"``, one for each of the four
            stages.
        areas: Per side; at 32 times as many pixels the means are of one place each.
        classes: How many :math:`C` knows. ``None``: there is no :math:`C`.
        letter: Whether batches are normalised, as published, or groups of channels of one image.

    Shape:
        - input: :math:`(B, 3, H, W)`, sides are multiples of 8.
        - output: :math:`(B, 2, H, W)` and :math:`(B, K)`, both without a limit.

    Reference:
        Vitoria et al., "ChromaGAN: adversarial picture colorization with semantic class
        distribution" (2020), section 3.2. https://arxiv.org/abs/1907.09837
    """

    def __init__(
        self, width: int, encoder: Encoder, areas: int, classes: int | None, *, letter: bool
    ) -> None:
        super().__init__()
        half, two, four, eight = max(1, width // 2), 2 * width, 4 * width, 8 * width
        self.areas = int(areas)  # Pooling knows no whole numbers of NumPy.
        self.encoder = _vgg16(width) if encoder == "vgg16" else _small(width)
        self.wider = nn.Sequential(
            *(_conv(eight, eight, stride, letter=letter) for stride in (2, 1, 2, 1))
        )
        seen = eight * areas**2
        self.dense = nn.Sequential(
            nn.Linear(seen, 2 * eight), nn.Linear(2 * eight, eight), nn.Linear(eight, four)
        )
        self.classes = None if classes is None else _head(seen, 8 * eight, classes)
        self.middle = nn.Sequential(
            _conv(eight, eight, letter=letter), _conv(eight, four, letter=letter)
        )
        self.fuse = nn.Conv2d(eight, four, 1)
        self.up = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(four, two, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(two, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Upsample(scale_factor=2.0),
            nn.Conv2d(width, half, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(half, 2, 3, padding=1),
            nn.Upsample(scale_factor=2.0),
        )

    def forward(self, gray: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the chroma, and the logits of the classes where there are any."""
        local = self.encoder(gray)
        whole = adaptive_avg_pool2d(self.wider(local), self.areas).flatten(1)
        logits = None if self.classes is None else self.classes(whole)
        local = self.middle(local)
        around = self.dense(whole)[..., None, None].expand(-1, -1, *local.shape[2:])
        chroma: Tensor = self.up(self.fuse(torch.cat([local, around], 1)))
        return chroma, logits


def _vgg16(width: int) -> nn.Sequential:
    """Build the layers of VGG16's ``features`` up to relu4_3, in their order."""
    layers: list[nn.Module] = []
    widths = [3, width, 2 * width, 4 * width, 8 * width]
    for (before, after), count in zip(pairwise(widths), _CONVOLUTIONS, strict=True):
        if layers:
            layers.append(nn.MaxPool2d(2))
        for i in range(count):
            conv = nn.Conv2d(after if i else before, after, 3, padding=1)
            # Without a normalisation, torch's own weights would let ten layers fade to nothing.
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
            layers += [conv, nn.ReLU()]
    return nn.Sequential(*layers)


def _small(width: int) -> nn.Sequential:
    blocks: list[nn.Module] = []
    for before, after in pairwise([3, width, 2 * width, 4 * width, 8 * width]):
        if blocks:
            blocks.append(nn.MaxPool2d(2))
        blocks.append(stage(before, after, 1))
    return nn.Sequential(*blocks)


def _conv(before: int, after: int, stride: int = 1, *, letter: bool) -> nn.Sequential:
    norm = nn.BatchNorm2d(after) if letter else normed(after)
    halves = stride == 2
    conv = HalvingConv(before, after) if halves else nn.Conv2d(before, after, 3, padding=1)
    return nn.Sequential(conv, nn.ReLU(), norm)


def _head(seen: int, wide: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(seen, wide), nn.ReLU(), nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, classes)
    )
