r"""Affine couplings: one half of the channels steers an affine map of the other half."""

import torch
from torch import Tensor, nn

from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, widen
from flowcolor.layers.scale import SCALES, Scale, positive_scale


class AffineCoupling(InvertibleLayer):
    r"""Scale and shift one half of the channels by networks that see only the other half.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad y = [a \odot s(f_1(b)) + f_2(b),\; b], \qquad
        \log|\det J| = \textstyle\sum \log s(f_1(b))

    The networks need not be invertible. With an odd number of channels :math:`a` is the larger
    part.

    Args:
        net: Gives :math:`f_1(b)` if ``shift_net`` is given, else :math:`f_1(b)` and :math:`f_2(b)`
            stacked along the channels. Let its last layer start at zero, so that the coupling
            starts as a constant scaling.
        shift_net: Gives :math:`f_2(b)`.
        scale: How :math:`s` makes a positive number, see
            :func:`~flowcolor.layers.scale.positive_scale`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``net``: :math:`(B, \lfloor C/2 \rfloor, *)` to :math:`(B, 2\lceil C/2 \rceil, *)`, or to
          :math:`(B, \lceil C/2 \rceil, *)` beside a ``shift_net`` of the same shape.
        - ``logdet``: :math:`(B,)`.

    Reference:
        Dinh et al., "Density estimation using Real NVP" (2017), section 3.2, with the halves in
        the order of the thesis, equations 3.3 to 3.8. https://arxiv.org/abs/1605.08803

    Example:
        >>> layer = AffineCoupling(nn.Conv2d(2, 4, kernel_size=3, padding=1))
        >>> y, logdet = layer(torch.randn(8, 4, 5, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 4, 5, 5]), torch.Size([8]))
    """

    def __init__(
        self, net: nn.Module, shift_net: nn.Module | None = None, scale: Scale = "bounded"
    ) -> None:
        super().__init__()
        _check_scale(self, scale)
        self.net = net
        self.shift_net = shift_net
        self.scale: Scale = scale

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        a, b = _split(self, x)
        scale, log_scale, shift = _affine(self, b, a)
        return torch.cat([a * scale + shift, b], 1), log_scale.flatten(1).sum(1)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        a, b = _split(self, y)
        scale, log_scale, shift = _affine(self, b, a)
        return torch.cat([(a - shift) / scale, b], 1), -log_scale.flatten(1).sum(1)


class ConditionalAffineCoupling(InvertibleLayer):
    r"""An affine coupling whose networks see one half fused with a condition.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad b' = \mathrm{aggregate}(b, c), \qquad
        y = [a \odot s(f_1(b')) + f_2(b'),\; b], \qquad
        \log|\det J| = \textstyle\sum \log s(f_1(b'))

    :math:`b` itself passes unchanged, so the inverse can form the same :math:`b'` again; neither
    the networks nor the aggregation need be invertible.

    Args:
        net: As in :class:`AffineCoupling`, but for the channels of :math:`b'`.
        aggregate: Called as ``aggregate(b, condition)``, for instance
            :class:`~flowcolor.layers.FeatureAggregation`.
        shift_net: As in :class:`AffineCoupling`.
        scale: As in :class:`AffineCoupling`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``condition``: whatever ``aggregate`` takes.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If no condition is given.

    Reference:
        The thesis, equations 3.17 to 3.19.
    """

    num_conditions = 1

    def __init__(
        self,
        net: nn.Module,
        aggregate: nn.Module,
        shift_net: nn.Module | None = None,
        scale: Scale = "bounded",
    ) -> None:
        super().__init__()
        _check_scale(self, scale)
        self.net = net
        self.aggregate = aggregate
        self.shift_net = shift_net
        self.scale: Scale = scale

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        a, b = _split(self, x)
        scale, log_scale, shift = _affine(self, self._fuse(b, condition), a)
        return torch.cat([a * scale + shift, b], 1), log_scale.flatten(1).sum(1)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        a, b = _split(self, y)
        scale, log_scale, shift = _affine(self, self._fuse(b, condition), a)
        return torch.cat([(a - shift) / scale, b], 1), -log_scale.flatten(1).sum(1)

    def _fuse(self, b: Tensor, condition: Tensor | None) -> Tensor:
        if condition is None:
            raise ValueError("ConditionalAffineCoupling expects a condition, got None.")
        fused: Tensor = self.aggregate(b, condition)
        return fused


def _check_scale(layer: nn.Module, scale: str) -> None:
    if scale not in SCALES:
        raise ValueError(
            f"{type(layer).__name__} expects scale to be one of {list(SCALES)}, got {scale!r}."
        )


def _split(layer: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim < 2 or x.shape[1] < 2:
        raise ValueError(
            f"{type(layer).__name__} expects an input of shape (batch, channels, *spatial) with at "
            f"least 2 channels, got {tuple(x.shape)}."
        )
    a, b = widen(x).chunk(2, dim=1)
    return a, b


def _affine(
    layer: AffineCoupling | ConditionalAffineCoupling, h: Tensor, a: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return scale, log-scale and shift for ``a``, in its precision whatever autocast does to h."""
    outputs = [layer.net(h)] if layer.shift_net is None else [layer.net(h), layer.shift_net(h)]
    channels = a.shape[1] * 2 // len(outputs)
    for output in outputs:
        expected = (a.shape[0], channels, *a.shape[2:])
        if output.shape != expected:
            raise ValueError(
                f"{type(layer).__name__} expects its network to return shape {expected} for an "
                f"input of shape {tuple(h.shape)}, got {tuple(output.shape)}."
            )
    raw, shift = outputs if len(outputs) == 2 else outputs[0].chunk(2, dim=1)
    scale, log_scale = positive_scale(raw.to(a.dtype), layer.scale)
    return scale, log_scale, shift.to(a.dtype)
