r"""The U-Net of diffusion models, told how much noise there is by its log-ratio."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from flowcolor.models.noise_blocks import (
    Move,
    NoiseAttention,
    NoiseBlock,
    embed_log_snr,
    group_norm,
    zero_conv,
)


class NoiseNet(nn.Module):
    r"""Predict the noise in an image, at any level.

    Each level down has ``blocks`` residual blocks and one that halves the sides; each level up has
    one block more, which see what every block on the way down made, and one that doubles them.
    Blocks of some levels are followed by attention, as is the first of the two in the middle. All
    blocks are steered by the log-ratio of signal to noise,
    :func:`~flowcolor.models.noise_blocks.embed_log_snr`.

    Args:
        inputs: Channels of its input.
        outputs: Channels of its output.
        width: Channels that ``factors`` multiply, a multiple of 4.
        factors: One for each level.
        blocks: Residual blocks of a level.
        attention: Levels, from 0, whose blocks are followed by attention.
        head_width: Channels of a head of attention.
        dropout: See :class:`~flowcolor.models.noise_blocks.NoiseBlock`.

    Shape:
        - input: :math:`(B, C, H, W)`, sides are multiples of :math:`2^{n-1}` for :math:`n` levels.
        - ``log_snr``: :math:`(B,)`.
        - output: :math:`(B, C', H, W)`.

    Reference:
        Dhariwal and Nichol, "Diffusion models beat GANs on image synthesis" (2021), section 3.
        https://arxiv.org/abs/2105.05233

    Example:
        >>> net = NoiseNet(6, 3, width=4, factors=[1, 2], blocks=1, attention=[], head_width=4)
        >>> net(torch.rand(2, 6, 8, 8), torch.zeros(2)).shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int,
        factors: Sequence[int],
        blocks: int,
        attention: Sequence[int],
        head_width: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        steer = 4 * width
        self.width = width
        self.steer = nn.Sequential(nn.Linear(width, steer), nn.SiLU(), nn.Linear(steer, steer))

        def block(before: int, after: int, level: int, move: Move | None = None) -> nn.Module:
            attends = level in attention and move is None
            seen = [NoiseAttention(after, head_width)] if attends else []
            return nn.ModuleList([NoiseBlock(before, after, steer, dropout, move), *seen])

        channels = width * factors[0]
        made = [channels]
        self.enter = nn.Conv2d(inputs, channels, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, factor in enumerate(factors):
            for _ in range(blocks):
                self.down.append(block(channels, width * factor, level))
                channels = width * factor
                made.append(channels)
            if level < len(factors) - 1:
                self.down.append(block(channels, channels, level, "down"))
                made.append(channels)
        self.middle = nn.ModuleList(
            [
                NoiseBlock(channels, channels, steer, dropout),
                NoiseAttention(channels, head_width),
                NoiseBlock(channels, channels, steer, dropout),
            ]
        )
        for level, factor in reversed(list(enumerate(factors))):
            for _ in range(blocks + 1):
                self.up.append(block(channels + made.pop(), width * factor, level))
                channels = width * factor
            if level:
                self.up.append(block(channels, channels, level, "up"))
        self.leave_norm = group_norm(channels)
        self.leave = zero_conv(nn.Conv2d(channels, outputs, 3, padding=1))

    def forward(self, x: Tensor, log_snr: Tensor) -> Tensor:
        steer = self.steer(embed_log_snr(log_snr, self.width))
        x = self.enter(x)
        made = [x]
        for stage in self.down:
            x = _run(stage, x, steer)
            made.append(x)
        x = _run(self.middle, x, steer)
        for stage in self.up:
            doubles = stage[0].move == "up"  # type: ignore[index]
            x = _run(stage, x if doubles else torch.cat([x, made.pop()], 1), steer)
        y: Tensor = self.leave(silu(self.leave_norm(x)))
        return y


def _run(parts: nn.Module, x: Tensor, steer: Tensor) -> Tensor:
    for part in parts.children():
        x = part(x, steer) if isinstance(part, NoiseBlock) else part(x)
    return x
