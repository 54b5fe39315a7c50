r"""Attention that knows places: what colour a region has in the photograph, for the drawing."""

import math
from numbers import Integral

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.compiler import is_dynamo_compiling, is_exporting
from torch.nn import functional

from flowcolor.arguments import check_count, check_parameters, plain_numbers
from flowcolor.layers.functional.areas import mean_over_areas
from flowcolor.layers.functional.attend import attend
from flowcolor.layers.functional.planes import check_planes
from flowcolor.values import without_autocast

POSITIONS = 8


class AttentionAggregation(nn.Module):
    r"""Fetch colours from a photograph by attention, and hand them on beside the drawing.

    .. math::
        q = m_q([x, p]), \quad k = m_k([c, p]), \quad v = W_v c, \quad
        a = W_o \,\mathrm{heads}\bigl(\mathrm{softmax}(q^T k / \sqrt{d_h})\, v\bigr), \qquad
        y = \bigl[x \odot (1 + \sigma(W_g a)),\; a\bigr]

    with two-layer perceptrons :math:`m` over pixels and the position :math:`p` of each pixel:
    :math:`u, v, u^2, v^2, \sin \pi u, \cos \pi u, \sin \pi v, \cos \pi v` for :math:`u, v` from -1
    to 1 across the image.

    Two things differ from :class:`~flowcolor.layers.FeatureAggregation`. White paper looks the same
    everywhere, and only its position tells hair from background. And a gate between 1 and 2 can
    only scale what the drawing has, which on white paper is nothing; so the attended values
    themselves are handed on, and :math:`y` has twice the channels of :math:`x`.

    Cost grows with the pixels of ``x`` times the tokens of the condition, of which there are at
    most ``max_tokens``: a larger condition is averaged over areas first. As the condition is all
    that is averaged, a coupling around this stays exactly invertible.

    Args:
        channels: Channels :math:`d` of ``x``.
        condition_channels: Channels :math:`C` of ``condition``.
        heads: Number of heads.
        head_channels: Channels :math:`d_h` of each head.
        max_tokens: How many places of the condition attention looks at, at most.

    Shape:
        - ``x``: :math:`(B, d, H, W)`.
        - ``condition``: :math:`(B, C, H', W')`, of any height and width.
        - result: :math:`(B, 2d, H, W)`.

    Raises:
        ValueError: A size is below 1, or the condition has other channels or another batch.

    Reference:
        Vaswani et al., "Attention is all you need" (2017), section 3.2.
        https://arxiv.org/abs/1706.03762

    Example:
        >>> fuse = AttentionAggregation(4, 8)
        >>> fuse(torch.randn(2, 4, 5, 5), torch.randn(2, 8, 7, 7)).shape
        torch.Size([2, 8, 5, 5])
    """

    @plain_numbers
    def __init__(
        self,
        channels: int,
        condition_channels: int,
        heads: int = 4,
        head_channels: int = 12,
        max_tokens: int = 1024,
    ) -> None:
        super().__init__()
        check_count(self, channels=channels, condition_channels=condition_channels)
        sizes = {"heads": heads, "head_channels": head_channels, "max_tokens": max_tokens}
        if all(isinstance(size, Integral) for size in sizes.values()) and min(sizes.values()) < 1:
            raise ValueError(
                "AttentionAggregation expects heads, head_channels and max_tokens of at least 1, "
                f"got {heads}, {head_channels} and {max_tokens}."
            )
        check_count(self, **sizes)
        self.channels = channels
        self.condition_channels = condition_channels
        self.heads = heads
        self.max_tokens = max_tokens
        inner = heads * head_channels
        seen = channels + condition_channels
        parameters = inner * (3 * seen + 4 * inner + 32) + channels**2
        sizes = {"channels": channels, "condition_channels": condition_channels, "heads": heads}
        check_parameters(self, parameters, **sizes, head_channels=head_channels)
        self.query = _perceptron(channels + POSITIONS, inner)
        self.key = _perceptron(condition_channels + POSITIONS, inner)
        self.value = nn.Conv2d(condition_channels, inner, kernel_size=1)
        self.out = nn.Conv2d(inner, channels, kernel_size=1)
        self.gate = nn.Conv2d(channels, channels, kernel_size=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return the gated features and, below them, what attention fetched."""
        check_planes(self, x, condition, self.channels)
        planes = condition.ndim == 4 and 0 not in condition.shape[2:]
        if not planes or condition.shape[:2] != (x.shape[0], self.condition_channels):
            raise ValueError(
                f"AttentionAggregation expects a condition of shape ({x.shape[0]}, "
                f"{self.condition_channels}, height, width), got {tuple(condition.shape)}."
            )
        condition = _at_most(condition.to(x.dtype), self.max_tokens)
        q = self._tokens(self.query(_with_positions(x)))
        k = self._tokens(self.key(_with_positions(condition)))
        v = self._tokens(self.value(condition))
        fetched = attend(q, k, v)
        attended = self.out(rearrange(fetched, "b n (h w) d -> b (n d) h w", h=x.shape[2]))
        gated = torch.addcmul(x, x, self.gate(attended).sigmoid())
        with without_autocast(x):  # Which knows one type of half precision alone.
            return torch.cat([gated, attended], 1)

    def _tokens(self, x: Tensor) -> Tensor:
        # Contiguous, or torch stores the weights of all pairs.
        return rearrange(x, "b (n d) h w -> b n (h w) d", n=self.heads).contiguous()

    def extra_repr(self) -> str:
        return f"heads={self.heads}, max_tokens={self.max_tokens}"


def _perceptron(channels: int, out_channels: int) -> nn.Sequential:
    width = 2 * out_channels
    hidden, last = nn.Conv2d(channels, width, 1), nn.Conv2d(width, out_channels, 1)
    return nn.Sequential(hidden, nn.ReLU(), last)


def _at_most(condition: Tensor, tokens: int) -> Tensor:
    """Average areas until at most so many places are left, nearly in the proportions given."""
    height, width = condition.shape[2:]
    # Compilers, as a strict export begins with one, show variable sides as plain numbers.
    variable = is_dynamo_compiling() or isinstance(height * width, torch.SymInt)
    if is_exporting() and variable:
        return _at_most_of_any_sides(condition, tokens)
    if height * width <= tokens:
        return condition
    # The root of h^2 t / (h w), in whole numbers: in floats, 65 x 65 would become 31 x 31. Where
    # one side would be below 1, and becomes 1, the other would be above t.
    size = (
        min(tokens, max(1, math.isqrt(tokens * height // width))),
        min(tokens, max(1, math.isqrt(tokens * width // height))),
    )
    return functional.adaptive_avg_pool2d(condition, size)


def _at_most_of_any_sides(condition: Tensor, tokens: int) -> Tensor:
    """Do that by a product, for exported programs: of branches they have the example's alone."""
    from torch.fx.experimental.symbolic_shapes import statically_known_true  # Slow to import.

    height, width = condition.shape[2:]
    if statically_known_true(height * width <= tokens):
        return condition
    down = mean_over_areas(height, width, tokens, condition)
    across = mean_over_areas(width, height, tokens, condition)
    return down @ condition @ across.mT


def _with_positions(x: Tensor) -> Tensor:
    height, width = x.shape[2:]
    v, u = (
        ((2 * torch.arange(n, device=x.device, dtype=x.dtype) + 1) / n - 1) for n in (height, width)
    )
    v, u = torch.broadcast_tensors(v[:, None], u)
    angles = math.pi * u, math.pi * v
    waves = [wave(angle) for angle in angles for wave in (torch.sin, torch.cos)]
    with without_autocast(x):
        positions = torch.stack([u, v, u * u, v * v, *waves])
        return torch.cat([x, positions.expand(x.shape[0], -1, -1, -1)], 1)
