r"""Affine couplings: one half of the channels steers an affine map of the other half."""

from abc import abstractmethod

from torch import Tensor, nn

from flowcolor.layers.arguments import check_module
from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet
from flowcolor.layers.functional.affine import (
    affine,
    apply_affine,
    check_scale,
    split_half,
    sum_per_sample,
)
from flowcolor.layers.functional.affine_vjp import differentiate_affine
from flowcolor.layers.functional.scale import Scale
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep
from flowcolor.layers.subnetwork import call_network
from flowcolor.values import widen


class _Coupling(InvertibleLayer):
    """What couplings share: all but what their networks see."""

    net: nn.Module
    shift_net: nn.Module | None
    scale: Scale

    @abstractmethod
    def steer(self, b: Tensor, condition: Tensor | None) -> Tensor:
        """Return what the networks see, given the half that is not changed."""

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        x = widen(x)
        a, b = split_half(self, x)
        scale, log_scale, shift = affine(self, self.steer(b, condition), a)
        return apply_affine(x, scale, shift, inverse=False), sum_per_sample(log_scale)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        y = widen(y)
        a, b = split_half(self, y)
        scale, log_scale, shift = affine(self, self.steer(b, condition), a)
        return apply_affine(y, scale, shift, inverse=True), -sum_per_sample(log_scale)

    def vjp(self, step: ReverseStep) -> Rebuilt:
        return differentiate_affine(self, step)


class AffineCoupling(_Coupling):
    r"""Scale and shift one half of the channels by networks that see only the other half.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad y = [a \odot s(f_1(b)) + f_2(b),\; b], \qquad
        \log|\det J| = \textstyle\sum \log s(f_1(b))

    The networks need not be invertible. With an odd number of channels :math:`a` is the larger
    part.

    Args:
        net: Gives :math:`f_1(b)` if ``shift_net`` is given, else :math:`f_1(b)` and :math:`f_2(b)`
            stacked along the channels. Let its last layer start at zero, so that the coupling
            starts as a constant scaling. On a CPU, networks of torch's own modules get :math:`b` in
            the channels-last layout, in which convolutions are faster; so do modules of other
            classes that have an attribute ``takes_any_layout = True``.
        shift_net: Gives :math:`f_2(b)`.
        scale: How :math:`s` makes a positive number, see
            :func:`~flowcolor.layers.functional.scale.positive_scale`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``net``: :math:`(B, \lfloor C/2 \rfloor, *)` to :math:`(B, 2\lceil C/2 \rceil, *)`, or to
          :math:`(B, \lceil C/2 \rceil, *)` beside a ``shift_net`` of the same shape.
        - ``logdet``: :math:`(B,)`.

    Reference:
        Dinh et al., "Density estimation using Real NVP" (2017), section 3.2, with the halves in
        the order of the thesis, equations 3.3 to 3.8. https://arxiv.org/abs/1605.08803

    Example:
        >>> import torch
        >>> layer = AffineCoupling(nn.Conv2d(2, 4, kernel_size=3, padding=1))
        >>> y, logdet = layer(torch.randn(8, 4, 5, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 4, 5, 5]), torch.Size([8]))
    """

    def __init__(
        self, net: nn.Module, shift_net: nn.Module | None = None, scale: Scale = "bounded"
    ) -> None:
        super().__init__()
        check_scale(self, scale)
        check_module(self, net=net)
        if shift_net is not None:
            check_module(self, shift_net=shift_net)
        self.net = net
        self.shift_net = shift_net
        self.scale: Scale = scale

    def steer(self, b: Tensor, condition: Tensor | None) -> Tensor:
        return b


class ConditionalAffineCoupling(_Coupling):
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
        :ref:`The thesis <the-thesis>`, equations 3.17 to 3.19.
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
        check_scale(self, scale)
        check_module(self, net=net, aggregate=aggregate)
        if shift_net is not None:
            check_module(self, shift_net=shift_net)
        self.net = net
        self.aggregate = aggregate
        self.shift_net = shift_net
        self.scale: Scale = scale

    def steer(self, b: Tensor, condition: Tensor | None) -> Tensor:
        if condition is None:
            raise ValueError("ConditionalAffineCoupling expects a condition, got None.")
        return call_network(self, self.aggregate, b, condition)
