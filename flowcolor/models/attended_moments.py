r"""Mean and deviation of a style, as each place of a content looks at it."""

import functools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from flowcolor.layers.functional.attend import attend
from flowcolor.layers.functional.pixels import count_pixels
from flowcolor.values import require_fractions, widen, without_autocast

_EPS = 1e-5
_FLAT = 1e-8  # Below this a variance is rounding, whose root would have an endless gradient.


def attended_moments(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    r"""Return the mean and the deviation of values, weighted by attention.

    .. math:: A = \mathrm{softmax}(Q^T K), \qquad M = A V, \qquad S = \sqrt{A V^2 - M^2}

    Both moments come of one call, which need not store :math:`A`. Where all that is looked at is
    alike, :math:`S` is 0.

    Args:
        query: :math:`Q`, :math:`(B, C, H, W)`.
        key: :math:`K`, :math:`(B, C, H', W')`.
        value: :math:`V`, :math:`(B, D, H', W')`.

    Returns:
        :math:`M` and :math:`S`, :math:`(B, D, H, W)`, in float32 or wider.

    Raises:
        ValueError: These are no float numbers of such shapes.

    Reference:
        Liu et al., "AdaAttN: revisit attention mechanism in arbitrary neural style transfer"
        (2021), equations 3 to 6. https://arxiv.org/abs/2108.03647
    """
    require_fractions("attended_moments", query, key, value)
    maps = query.ndim == key.ndim == value.ndim == 4 and query.shape[:2] == key.shape[:2]
    places = [(x.shape[0], *x.shape[2:]) for x in (key, value)]
    if not maps or places[0] != places[1]:
        shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
        raise ValueError(
            "attended_moments expects a query and a key of shape (batch, channels, height, width) "
            f"and a value where the key is, got {shapes}."
        )
    # In half precision nothing would be left of the difference of the two moments.
    with without_autocast(query):
        kind = functools.reduce(torch.promote_types, (widen(x).dtype for x in (query, key, value)))
        query, key, value = (x.to(kind) for x in (query, key, value))
        rows = torch.cat([value, value.square()], 1).flatten(2).mT
        found = attend(query.flatten(2).mT, key.flatten(2).mT, rows, scale=1.0)
        mean, square = found.mT.unflatten(2, query.shape[2:]).chunk(2, 1)
        variance = square - mean.square()
        some = variance > _FLAT
        return mean, variance.where(some, 1).sqrt().where(some, 0)


def normalized(features: Tensor) -> Tensor:
    r"""Return :math:`(F - \mu) / \sqrt{\sigma^2 + 10^{-5}}` over the places of each channel.

    The variance is the unbiased one, as in the published code.

    Raises:
        ValueError: These are no float numbers of shape (batch, channels, height, width).
    """
    require_fractions("normalized", features)
    if features.ndim != 4 or 0 in features.shape[2:]:
        raise ValueError(
            "normalized expects features of shape (batch, channels, height, width), got "
            f"{tuple(features.shape)}."
        )
    features = widen(features)
    places = count_pixels(features)
    # Of one place alone there is no unbiased variance; the biased one, 0, leaves 0.
    variance = features.var((2, 3), correction=min(1, places - 1), keepdim=True)
    return (features - features.mean((2, 3), keepdim=True)) / (variance + _EPS).sqrt()


def joined(features: Sequence[Tensor]) -> Tensor:
    """Return all of some features, normalised, at the size of the last, as channels of one."""
    size = features[-1].shape[2:]
    return torch.cat([normalized(interpolate(x, size)) for x in features], 1)


class AttentiveNorm(nn.Module):
    r"""Give a content's features the moments of what they look at in the style's.

    .. math:: F_{cs} = S\, \bar F_c + M, \qquad Q = f(\hat F_c), \quad K = g(\hat F_s), \quad
              V = h(F_s)

    with 1x1 convolutions :math:`f, g, h`, the normalised content :math:`\bar F_c`, and
    :math:`\hat F`, the features of this and of all layers before, see :func:`joined`. At first all
    three convolutions are the identity, so that a decoder is given features of the kind it knows.

    Args:
        channels: Of the layer's features.
        seen: Channels of all layers up to this one.
    """

    def __init__(self, channels: int, seen: int) -> None:
        super().__init__()
        self.f, self.g, self.h = (_identity(number) for number in (seen, seen, channels))

    def forward(self, content: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
        """Return :math:`F_{cs}` of features of all layers up to this one."""
        query, key = self.f(joined(content)), self.g(joined(style))
        mean, deviation = attended_moments(query, key, self.h(style[-1]))
        return deviation * normalized(content[-1]) + mean


def plain_transfer(content: Sequence[Tensor], style: Sequence[Tensor]) -> Tensor:
    """Return what :class:`AttentiveNorm` does without convolutions: the aim of its training."""
    mean, deviation = attended_moments(joined(content), joined(style), style[-1])
    return deviation * normalized(content[-1]) + mean


def _identity(channels: int) -> nn.Conv2d:
    conv = nn.Conv2d(channels, channels, 1)
    with torch.no_grad():  # Not `dirac_`, which writes the ones one by one.
        conv.weight.copy_(torch.eye(channels)[..., None, None])
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv
