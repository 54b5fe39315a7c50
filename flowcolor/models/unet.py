r"""A U-Net of 4x4 convolutions, as image translation knows it."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from flowcolor.models.sample_noise import sample_streams

_DROPPED = 3  # Innermost levels of the way up.


class UNet(nn.Module):
    r"""Halve an image ``levels`` times and double it again, each level seeing its like on the way.

    .. math:: e_1 = K_1 x, \quad e_i = N(K_i\, \lambda(e_{i-1})), \qquad
              d_n = N(K'_n\, \rho(e_n)), \quad d_i = N(K'_i\, \rho([d_{i+1}, e_i]))

    with convolutions :math:`K` of stride 2, transposed ones :math:`K'`, LeakyReLU 0.2
    :math:`\lambda`, ReLU :math:`\rho` and instance normalisation :math:`N`, but neither of the
    first and the innermost on the way down nor of the last. Dropout follows the three innermost
    :math:`d_i`.

    Args:
        inputs: Channels of its input.
        outputs: Channels of its output.
        width: Channels of the first level; they double up to eight times as many.
        levels: How often sides are halved.

    Shape:
        - input: :math:`(B, C, H, W)`, sides are multiples of :math:`2^n` for :math:`n` levels.
        - output: :math:`(B, C', H, W)`, without a limit.

    Reference:
        Isola et al., "Image-to-image translation with conditional adversarial networks" (2017),
        appendix 6.1.1. https://arxiv.org/abs/1611.07004

    Example:
        >>> UNet(3, 2, width=4, levels=2)(torch.rand(1, 3, 8, 8)).shape
        torch.Size([1, 2, 8, 8])
    """

    def __init__(self, inputs: int, outputs: int, width: int = 64, levels: int = 8) -> None:
        super().__init__()
        widths = [width * min(2**i, 8) for i in range(levels)]
        innermost = levels - 1
        self.down = nn.ModuleList()
        for i, (before, after) in enumerate(pairwise([inputs, *widths])):
            stage: list[nn.Module] = [nn.LeakyReLU(0.2)] if i else []
            stage.append(nn.Conv2d(before, after, 4, 2, padding=1, bias=False))
            # At the innermost level an image may have one pixel, which has no variance.
            if 0 < i < innermost:
                stage.append(nn.InstanceNorm2d(after, affine=True))
            self.down.append(nn.Sequential(*stage))
        self.up = nn.ModuleList()
        for i in reversed(range(levels)):
            before = widths[i] if i == innermost else 2 * widths[i]
            after = widths[i - 1] if i else outputs
            conv = nn.ConvTranspose2d(before, after, 4, 2, padding=1, bias=not i)
            norm = [nn.InstanceNorm2d(after, affine=True)] if i else []
            self.up.append(nn.Sequential(nn.ReLU(), conv, *norm))

    def forward(
        self, x: Tensor, rate: float = 0.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the output.

        Args:
            x: The input.
            rate: Share of the innermost features that dropout takes away.
            generator: Decides which.
        """
        streams = None if generator is None else sample_streams(len(x), generator)
        seen = []
        for stage in self.down:
            x = stage(x)
            seen.append(x)
        x = seen.pop()
        last = len(self.up) - 1
        for i, stage in enumerate(self.up):
            x = stage(x if i == 0 else torch.cat([x, seen.pop()], 1))
            if rate and i < min(_DROPPED, last):
                x = drop(x, rate, streams)
        return x


def drop(x: Tensor, rate: float, streams: Sequence[torch.Generator] | None) -> Tensor:
    """Return ``x`` with a share of its values zero; torch's own dropout takes no generator.

    Args:
        x: Features, (B, ...).
        rate: The share.
        streams: Decide which, one for each sample. ``None``: torch's own chance does.
    """
    if streams is None:
        chances = torch.rand(x.shape, device=x.device)
    else:
        # On the CPU, where the streams are, whatever torch's default device.
        drawn = [
            torch.rand(x.shape[1:], generator=s, dtype=torch.float32, device="cpu") for s in streams
        ]
        chances = torch.stack(drawn).to(x.device)
    return x * (chances >= rate) / (1 - rate)
