"""The critic of self-supervised sketch-to-image: whether an image looks real."""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from flowcolor.layers.functional.planes import check_images
from flowcolor.models.s2i_blocks import conv


class ImageCritic(nn.Module):
    """Answers for overlapping parts of an image; early maps steer the last two blocks.

    Args:
        width: :math:`n`; the last block has :math:`16n` channels.
        stems: Of the generator: sides are halved until 8 pixels are left of its size.

    Shape:
        - input: :math:`(B, 3, H, W)`, in [-1, 1], with sides of at least ``least``.
        - output: :math:`(B, 1, h, w)`, 5x5 of images of the generator's size.
    """

    def __init__(self, width: int, stems: int) -> None:
        super().__init__()
        widths = [max(1, width // 4), max(1, width // 2), width, 2 * width, 4 * width, 16 * width]
        widths = widths[-(stems + 3) :]
        self.first = nn.Sequential(conv(3, widths[0], 4, 2, 1), nn.LeakyReLU(0.2))
        self.blocks = nn.ModuleList(map(_block, widths, widths[1:]))
        self.early = nn.ModuleList(_Excite(widths[place], widths[place - 2]) for place in (0, 1))
        last = widths[-1]
        self.head = nn.Sequential(
            conv(last, last, 1), nn.BatchNorm2d(last), nn.LeakyReLU(0.2), conv(last, 1, 4)
        )
        # The last convolution needs 4 pixels, blocks round halves up, the first rounds down.
        self.least = 2 * (3 * 2 ** len(self.blocks) + 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the answers."""
        check_images(self, image, 3, self.least)
        maps = [self.first(image)]
        late = len(self.blocks) - 2
        for place, block in enumerate(self.blocks):
            x = block(maps[-1])
            if place >= late:
                x = self.early[place - late](maps[place - late], x)
            maps.append(x)
        answers: Tensor = self.head(maps[-1])
        return answers


class _Excite(nn.Module):
    r"""Scale and shift late features by early ones: :math:`f \sigma(u) + \tanh v`."""

    def __init__(self, early: int, late: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(early, late, 4), nn.ReLU(), conv(late, 2 * late, 1))

    def forward(self, early: Tensor, late: Tensor) -> Tensor:
        u, v = self.body(adaptive_avg_pool2d(early, 4)).chunk(2, 1)
        return late * torch.sigmoid(u) + torch.tanh(v)


def _block(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        conv(channels, out, 3, 2, 1),
        nn.BatchNorm2d(out),
        nn.LeakyReLU(0.2),
        conv(out, out, 3, padding=1),
        nn.BatchNorm2d(out),
        nn.LeakyReLU(0.2),
    )
