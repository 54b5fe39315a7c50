r"""Parts of a U-Net that removes noise: a residual block under a condition, and attention."""

from math import gcd
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, silu

from flowcolor.arguments import check_count
from flowcolor.layers.functional.attend import attend
from flowcolor.values import require_fractions

Move = Literal["down", "up"]


class NoiseBlock(nn.Module):
    r"""Two convolutions beside a shortcut; between them a condition scales and shifts.

    .. math:: h = K_1\, \sigma(N_1 x), \qquad
              y = S x + K_2\, \sigma\big((1 + a) N_2 h + b\big), \qquad (a, b) = A\, \sigma(c)

    with group normalisations :math:`N`, SiLU :math:`\sigma` and a 1x1 convolution :math:`S` where
    channels change. :math:`K_2` is 0 at first.

    Args:
        channels: Of its input, a multiple of 4.
        outputs: Of its output, a multiple of 4.
        condition: Length of the condition.
        dropout: Share that is dropped before :math:`K_2` in training.
        move: Whether both ways also halve or double the sides.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        condition: int,
        dropout: float = 0.0,
        move: Move | None = None,
    ) -> None:
        super().__init__()
        self.move = move
        self.norm_1, self.norm_2 = group_norm(channels), group_norm(outputs)
        self.conv_1 = nn.Conv2d(channels, outputs, 3, padding=1)
        self.conv_2 = zero_conv(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.affine = nn.Linear(condition, 2 * outputs)
        self.dropout = nn.Dropout(dropout)
        same = channels == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, outputs, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv_1(self._moved(silu(self.norm_1(x))))
        scale, shift = self.affine(silu(condition))[:, :, None, None].chunk(2, 1)
        h = silu((1 + scale) * self.norm_2(h) + shift)
        y: Tensor = self.shortcut(self._moved(x)) + self.conv_2(self.dropout(h))
        return y

    def _moved(self, x: Tensor) -> Tensor:
        if self.move is None:
            return x
        return avg_pool2d(x, 2) if self.move == "down" else interpolate(x, scale_factor=2.0)


class NoiseAttention(nn.Module):
    r"""Let each place look at all others, beside a shortcut, :math:`y = x + P\, A(Q K V N x)`.

    Args:
        channels: Of input and output.
        head_width: Channels of a head.
    """

    def __init__(self, channels: int, head_width: int) -> None:
        super().__init__()
        self.heads = channels // head_width
        self.norm = group_norm(channels)
        self.seen = nn.Conv2d(channels, 3 * channels, 1)
        self.joined = zero_conv(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        rows = self.seen(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1)).mT
        query, key, value = rows.unbind(1)
        mixed = attend(query, key, value)
        y: Tensor = x + self.joined(mixed.mT.reshape(x.shape))
        return y


def group_norm(channels: int) -> nn.GroupNorm:
    """Return a normalisation of up to 32 groups of four channels or more.

    A group of one channel would lose its mean, which is the colour of the whole picture.
    """
    return nn.GroupNorm(gcd(32, channels // 4), channels)


def embed_log_snr(log_snr: Tensor, width: int) -> Tensor:
    r"""Return cosines and sines of a log-ratio of signal to noise, :math:`(B, width)`.

    The ratio is clipped to :math:`\pm 20` and taken to 0 to 1000, for which the periods are made:
    the share of signal itself, from 0 to 1, would move only the fastest half of them, and hardly
    where nearly all is noise.

    Args:
        log_snr: :math:`\log(\gamma / (1 - \gamma))`, :math:`(B,)`.
        width: Even.

    Raises:
        ValueError: The ratios are no float numbers of that shape, or the width is not even.
    """
    require_fractions("embed_log_snr", log_snr)
    check_count(embed_log_snr, width=width)
    if log_snr.ndim != 1 or width % 2:
        raise ValueError(
            "embed_log_snr expects ratios of shape (batch,) and an even width, got "
            f"{tuple(log_snr.shape)} and {width}."
        )
    half = width // 2
    place = 25 * (log_snr.clamp(-20, 20) + 20)
    rates = torch.arange(half, dtype=log_snr.dtype, device=log_snr.device) / half
    angles = place[:, None] * 10_000**-rates
    return torch.cat([angles.cos(), angles.sin()], 1)


def zero_conv(conv: nn.Conv2d) -> nn.Conv2d:
    """Return a convolution whose weights are all 0 now."""
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
