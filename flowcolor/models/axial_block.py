"""A layer of an axial transformer, and a stack of them over a whole image."""

from collections.abc import Sequence

import torch
from einops import einsum
from torch import Tensor, nn

from flowcolor.models.axial_attention import AxialAttention, Axis, Map, Past

Scales = tuple[Tensor, Tensor]


class PooledNorm(nn.LayerNorm):
    r"""Layer normalisation whose scale and shift come from a mean over all of a context.

    .. math:: y = s(m) \odot \mathrm{norm}(x) + t(m), \qquad m = \sum_p w_p\, c_p

    with learned weights :math:`w` of the places :math:`p` of the context :math:`c`.

    Args:
        width: Channels.
        context: Channels of the context.
        sides: Height and width of the context.
    """

    def __init__(self, width: int, context: int, sides: tuple[int, int]) -> None:
        super().__init__(width, elementwise_affine=False)
        self.places = nn.Parameter(torch.full(sides, 1 / (sides[0] * sides[1])))
        self.project = neutral(nn.Linear(context, 2 * width))

    def scales(self, context: Map) -> Scales:
        """Return scale and shift of a whole context, :math:`(B, 1, 1, C)` each."""
        mean = einsum(context, self.places, "b h w c, h w -> b c")
        scale, shift = self.project(mean)[:, None, None].chunk(2, -1)
        return scale, shift


class AxialBlock(nn.Module):
    r"""Attention along one axis and a perceptron, each added and then normalised.

    .. math:: u = N_1(x + A(x, c)), \qquad y = N_2\big(u + s(c) \odot M(u) + t(c)\big)

    Without a condition :math:`s = 1` and :math:`t = 0`, and the norms learn scale and shift.

    Args:
        width: Channels.
        heads: Heads of the attention :math:`A`.
        sides: Height and width of the whole image.
        along: Axis of the attention.
        masked: Whether a pixel sees only itself and those before it.
        condition: Channels of the condition of attention and perceptron, 0 for none.
        context: Channels of the context of the norms, 0 for none.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        sides: tuple[int, int],
        along: Axis,
        *,
        masked: bool = False,
        condition: int = 0,
        context: int = 0,
    ) -> None:
        super().__init__()
        length = sides[1] if along == "row" else sides[0]
        self.attention = AxialAttention(
            width, heads, length, along=along, masked=masked, condition=condition
        )
        self.perceptron = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.modulation = neutral(nn.Linear(condition, 2 * width)) if condition else None
        self.norms = nn.ModuleList(
            PooledNorm(width, context, sides) if context else nn.LayerNorm(width) for _ in range(2)
        )

    def scales(self, context: Map) -> list[Scales]:
        """Return what the norms take from a whole context."""
        return [norm.scales(context) for norm in self.norms if isinstance(norm, PooledNorm)]

    def forward(
        self,
        x: Map,
        condition: Map | None = None,
        scales: Sequence[Scales] = (),
        past: Past | None = None,
    ) -> tuple[Map, Past]:
        """Return the result, and what a call with the pixels that follow needs as ``past``."""
        found, past = self.attention(x, condition, past)
        x = self._norm(0, x + found, scales)
        y = self.perceptron(x)
        if self.modulation is not None and condition is not None:
            scale, shift = self.modulation(condition).chunk(2, -1)
            y = scale * y + shift
        return self._norm(1, x + y, scales), past

    def _norm(self, place: int, x: Map, scales: Sequence[Scales]) -> Map:
        normal: Tensor = self.norms[place](x)
        return scales[place][0] * normal + scales[place][1] if scales else normal


def blocks_of(blocks: nn.ModuleList) -> list[AxialBlock]:
    """Return what a list of modules holds, as what it is."""
    return [block for block in blocks if isinstance(block, AxialBlock)]


def neutral(linear: nn.Linear) -> nn.Linear:
    """Let the first half of a layer's outputs, scales, begin around 1, the other around 0."""
    with torch.no_grad():
        linear.bias.fill_(0.0)
        linear.bias[: linear.out_features // 2] = 1.0
    return linear
