r"""Ways to fuse a drawing's features with a colour condition inside a coupling.

They share one call, ``aggregate(x, condition)``, with ``x`` of shape :math:`(B, d, H, W)` and
``condition`` of shape :math:`(B, C, H, W)`, and return the shape of ``x``. None of them is
invertible and none needs to be: see :class:`~flowcolor.layers.ConditionalAffineCoupling`.
"""

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_count, check_number, check_parameters, plain_numbers
from flowcolor.layers.functional.attend import attend
from flowcolor.layers.functional.planes import check_planes
from flowcolor.values import without_autocast

_EPS = 1e-5


class FeatureAggregation(nn.Module):
    r"""Gate a drawing's features by spatial and channel attention to a colour feature (FAM).

    .. math::
        q = m_s(x), \quad k = m_1(c), \quad
        A_s = \mathrm{softmax}(\tau_s\, q^T k), \quad A_c = \mathrm{softmax}(\tau_c\, q k^T),

    .. math::
        y = x \odot \bigl(1 + \sigma\bigl((A_s\, m_2(k)^T)^T + A_c\, m_3(k)\bigr)\bigr)

    with :math:`q, k \in \mathbb{R}^{d \times HW}` and two-layer perceptrons :math:`m` over pixels
    (1x1 convolutions, hidden width four times the input's). The thesis has no temperatures
    :math:`\tau`; a dot product of :math:`HW` unnormalised numbers saturates a softmax, so the
    default is :math:`\tau_s = 1/\sqrt{d}`, :math:`\tau_c = 1/\sqrt{HW}`. The :math:`HW \times HW`
    matrix of the spatial attention is never stored, but for ``torch.func``'s transforms, forward
    mode and second derivatives.

    Args:
        channels: Channels :math:`d` of ``x``.
        condition_channels: Channels :math:`C` of ``condition``.
        attention_scale: Both temperatures; ``None`` for the default, 1 for the thesis's letter.

    Shape:
        - ``x`` and the result: :math:`(B, d, H, W)`.
        - ``condition``: :math:`(B, C, H, W)`.

    Reference:
        :ref:`The thesis <the-thesis>`, equations 3.11 to 3.16.

    Example:
        >>> fuse = FeatureAggregation(4, 8)
        >>> fuse(torch.randn(2, 4, 5, 5), torch.randn(2, 8, 5, 5)).shape
        torch.Size([2, 4, 5, 5])
    """

    @plain_numbers
    def __init__(
        self, channels: int, condition_channels: int, attention_scale: float | None = None
    ) -> None:
        super().__init__()
        sizes = {"channels": channels, "condition_channels": condition_channels}
        check_count(self, **sizes)
        check_parameters(
            self,
            24 * channels**2 + 4 * condition_channels * (channels + condition_channels),
            **sizes,
        )
        self.channels = channels
        self.condition_channels = condition_channels
        if attention_scale is not None:
            check_number(self, attention_scale=attention_scale)
        self.attention_scale = attention_scale
        self.query = _PixelMLP(channels, channels)
        self.key = _PixelMLP(condition_channels, channels)
        self.spatial_value = _PixelMLP(channels, channels)
        self.channel_value = _PixelMLP(channels, channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        _check_pair(self, x, condition, self.channels, self.condition_channels)
        # Channels last, (B, HW, d): unless they are contiguous, torch stores the whole matrix.
        q, k = self.query(x), self.key(condition.to(x.dtype))
        image = k.mT.view(x.shape)
        v_s, v_c = self.spatial_value(image), self.channel_value(image)
        fused = (self._spatial(q, k, v_s) + self._channel(q, k, v_c)).mT.view(x.shape)
        return torch.addcmul(x, x, fused.sigmoid())

    def _spatial(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scale = self._scale(self.channels)
        q, k, v = (t.unsqueeze(1) for t in (q, k, v))  # B 1 HW d, one head
        return attend(q, k, v, scale).squeeze(1)

    def _channel(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scale = self._scale(q.shape[1])
        return v @ torch.softmax(scale * (q.mT @ k), dim=-1).mT

    def _scale(self, terms: int) -> float:
        # Not `math.sqrt`: exported programs would take these sides for every side.
        return 1 / torch.sym_sqrt(terms) if self.attention_scale is None else self.attention_scale


class ConcatAggregation(nn.Module):
    r"""Stack features and condition, then mix them by a 1x1 convolution.

    .. math:: y = W [x, c] + b

    Args:
        channels: Channels :math:`d` of ``x``.
        condition_channels: Channels :math:`C` of ``condition``.

    Shape:
        - ``x`` and the result: :math:`(B, d, H, W)`.
        - ``condition``: :math:`(B, C, H, W)`.

    Reference:
        Sorkhei et al., "Full-Glow" (2021), section 3.2; table 4.3 of the thesis.
        https://arxiv.org/abs/2012.05846

    Example:
        >>> fuse = ConcatAggregation(4, 8)
        >>> fuse(torch.randn(2, 4, 5, 5), torch.randn(2, 8, 5, 5)).shape
        torch.Size([2, 4, 5, 5])
    """

    @plain_numbers
    def __init__(self, channels: int, condition_channels: int) -> None:
        super().__init__()
        sizes = {"channels": channels, "condition_channels": condition_channels}
        check_count(self, **sizes)
        check_parameters(self, channels * (channels + condition_channels), **sizes)
        self.channels = channels
        self.condition_channels = condition_channels
        self.mix = nn.Conv2d(channels + condition_channels, channels, kernel_size=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        _check_pair(self, x, condition, self.channels, self.condition_channels)
        with without_autocast(x):  # Which knows one type of half precision alone.
            both = torch.cat([x, condition.to(x.dtype)], 1)
        fused: Tensor = self.mix(both)
        return fused


class AdaIN(nn.Module):
    r"""Give the features the channel statistics of the condition.

    .. math:: y = \sigma_{c'} \odot \frac{x - \mu_x}{\sqrt{\sigma_x^2 + \epsilon}} + \mu_{c'},
        \qquad c' = W c

    Means and deviations are taken over the pixels of one image and channel. The learned 1x1
    convolution :math:`W` brings the condition to as many channels as ``x`` has.

    Args:
        channels: Channels :math:`d` of ``x``.
        condition_channels: Channels :math:`C` of ``condition``.

    Shape:
        - ``x`` and the result: :math:`(B, d, H, W)`.
        - ``condition``: :math:`(B, C, H, W)`.

    Reference:
        Huang and Belongie, "Arbitrary style transfer in real-time with adaptive instance
        normalization" (2017), equation 8; table 4.3 of the thesis. https://arxiv.org/abs/1703.06868

    Example:
        >>> fuse = AdaIN(4, 8)
        >>> fuse(torch.randn(2, 4, 5, 5), torch.randn(2, 8, 5, 5)).shape
        torch.Size([2, 4, 5, 5])
    """

    @plain_numbers
    def __init__(self, channels: int, condition_channels: int) -> None:
        super().__init__()
        sizes = {"channels": channels, "condition_channels": condition_channels}
        check_count(self, **sizes)
        check_parameters(self, channels * (condition_channels + 1), **sizes)
        self.channels = channels
        self.condition_channels = condition_channels
        self.project = nn.Conv2d(condition_channels, channels, kernel_size=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        _check_pair(self, x, condition, self.channels, self.condition_channels)
        style = self.project(condition.to(x.dtype))
        mean, std = _moments(x)
        style_mean, style_std = _moments(style)
        return style_std * (x - mean) / std + style_mean


class NoAggregation(nn.Module):
    """Ignore the condition: ``y = x``. What table 4.3 of the thesis calls "without FAM".

    Example:
        >>> x = torch.randn(2, 4, 5, 5)
        >>> NoAggregation()(x, torch.randn(2, 8, 5, 5)) is x
        True
    """

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Return ``x``."""
        return x


class _PixelMLP(nn.Sequential):
    """A perceptron over pixels, (B, C, H, W) to (B, HW, out): channels last without a copy."""

    def __init__(self, channels: int, out_channels: int) -> None:
        # Four times the input's width: of all readings the one with the thesis's parameter count.
        width = 4 * channels
        hidden = nn.Conv2d(channels, width, kernel_size=1)
        super().__init__(hidden, nn.ReLU(), nn.Conv2d(width, out_channels, kernel_size=1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the tokens."""
        hidden, relu, last = self
        tokens = relu(hidden(x)).flatten(2).mT
        weight = last.weight.flatten(1).mT  # type: ignore[operator]
        # `linear` would copy the transposed tokens; a batched product takes them as they are.
        return torch.baddbmm(last.bias, tokens, weight.expand(x.shape[0], -1, -1))  # type: ignore[arg-type]


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.shape[0] == 0:  # torch warns of the statistics of nothing.
        return x.new_zeros(0, x.shape[1], 1, 1), x.new_ones(0, x.shape[1], 1, 1)
    variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
    return mean, (variance + _EPS).sqrt()


def _check_pair(
    module: nn.Module, x: Tensor, condition: Tensor, channels: int, condition_channels: int
) -> None:
    check_planes(module, x, condition, channels)
    expected = (x.shape[0], condition_channels, *x.shape[2:])
    if condition.shape != expected:
        raise ValueError(
            f"{type(module).__name__} expects a condition of shape {expected}, "
            f"got {tuple(condition.shape)}."
        )
