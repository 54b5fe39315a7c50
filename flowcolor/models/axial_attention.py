"""Attention along the rows or the columns of an image."""

import math
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from flowcolor.layers.functional.attend import attend

Axis = Literal["row", "column"]
Past = tuple[Tensor, Tensor]
Map = Float[Tensor, "batch height width _"]


class AxialAttention(nn.Module):
    r"""Let each pixel look at those of its row or of its column.

    .. math::
        y_i = W_o \sum_j \mathrm{softmax}_j\left(\frac{q_i^T k_j}{\sqrt{d}} + b_{j - i}\right) v_j

    for each head, with a learned bias :math:`b` of the distance. Under a condition :math:`c`, each
    of :math:`q, k, v` is scaled and shifted: :math:`z \to (W_s c) \odot z + W_t c`.

    Args:
        width: Channels.
        heads: Number of heads, a divisor of ``width``.
        length: How many pixels the axis has.
        along: The axis.
        masked: Whether a pixel sees only itself and those before it.
        condition: Channels of the condition, 0 for none.

    Shape:
        - ``x``: :math:`(B, H, W, C)`; ``condition``: :math:`(B, H, W, C_c)`.
        - result: as ``x``.

    Reference:
        Kumar et al., "Colorization transformer" (2021), sections 3.2 and 4.1.
        https://arxiv.org/abs/2102.04432
    """

    def __init__(
        self,
        width: int,
        heads: int,
        length: int,
        *,
        along: Axis,
        masked: bool = False,
        condition: int = 0,
    ) -> None:
        super().__init__()
        self.heads, self.length, self.along, self.masked = heads, length, along, masked
        self.query, self.key, self.value, self.output = (
            nn.Linear(width, width, bias=False) for _ in range(4)
        )
        self.modulation = nn.Linear(condition, 6 * width, bias=False) if condition else None
        self.distance = nn.Parameter(torch.zeros(heads, 2 * length - 1))

    def forward(
        self, x: Map, condition: Map | None = None, past: Past | None = None
    ) -> tuple[Map, Past]:
        """Return the result, and keys and values for a later call with the pixels that follow.

        Args:
            x: Pixels: all, or those that follow on the axis after ``past``.
            condition: At the same places.
            past: What an earlier call returned.
        """
        parts = [self.query(x), self.key(x), self.value(x)]
        if self.modulation is not None and condition is not None:
            scales = self.modulation(condition).chunk(6, -1)
            parts = [scales[i] * parts[i] + scales[3 + i] for i in range(3)]
        order = "b h w (n c) -> b h n w c" if self.along == "row" else "b h w (n c) -> b w n h c"
        query, key, value = (rearrange(part, order, n=self.heads) for part in parts)
        start = 0
        if past is not None:
            start = past[0].shape[-2]
            key, value = torch.cat([past[0], key], -2), torch.cat([past[1], value], -2)
        bias = self._bias(start, start + query.shape[-2])
        found = attend(query, key, value, bias=bias)
        back = "b h n w c -> b h w (n c)" if self.along == "row" else "b w n h c -> b h w (n c)"
        return self.output(rearrange(found, back)), (key, value)

    def _bias(self, start: int, stop: int) -> Tensor:
        """Return the bias of places from start to stop, looking at all up to stop."""
        places = torch.arange(stop, device=self.distance.device)
        away = places - places[start:, None]
        bias = self.distance[:, away + self.length - 1]
        return bias.masked_fill(away > 0, -math.inf) if self.masked else bias
