r"""Affine couplings: one half of the channels steers an affine map of the other half."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_module, check_positive
from flowcolor.layers.base import (
    Condition,
    Features,
    InvertibleLayer,
    LogDet,
    check_tensor,
    one_condition,
)
from flowcolor.layers.functional.affine import Half, Order, affine, join_halves, split_half
from flowcolor.layers.functional.affine_vjp import differentiate_affine
from flowcolor.layers.functional.scale import CLAMP, Scale
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep
from flowcolor.layers.subnetwork import call_network
from flowcolor.values import widen


class _Coupling(InvertibleLayer):
    """What couplings share: all but what their networks see."""

    draws_alike: ClassVar[bool] = True

    def __init__(
        self,
        net: nn.Module,
        shift_net: nn.Module | None,
        scale: Scale,
        steer: Half,
        order: Order,
        clamp: float | None,
    ) -> None:
        super().__init__()
        check_choice(self, scale=(scale, Scale), steer=(steer, Half), order=(order, Order))
        check_module(self, net=net)
        if clamp is not None or scale == "atan":
            check_positive(self, clamp=clamp)
        if shift_net is not None:
            check_module(self, shift_net=shift_net)
            if scale == "none":
                raise ValueError(
                    f"{type(self).__name__} with scale 'none' expects its shift from net and "
                    f"shift_net to be None, got {type(shift_net).__name__}."
                )
        self.net = net
        self.shift_net = shift_net
        self.scale: Scale = scale
        self.steer: Half = steer
        self.order: Order = order
        self.clamp = clamp

    @abstractmethod
    def fuse(self, b: Tensor, condition: Tensor | None) -> Tensor:
        """Return what the networks see, given the half that is not changed."""

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_tensor(self, x)
        a, b = split_half(self, widen(x), self.steer)
        a, logdet = affine(self, self.fuse(b, condition), a, inverse=False)
        return join_halves(a, b, self.steer), logdet

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        check_tensor(self, y)
        a, b = split_half(self, widen(y), self.steer)
        a, logdet = affine(self, self.fuse(b, condition), a, inverse=True)
        return join_halves(a, b, self.steer), logdet

    def vjp(self, step: ReverseStep) -> Rebuilt:
        return differentiate_affine(self, step)


class AffineCoupling(_Coupling):
    r"""Scale and shift one half of the channels by networks that see only the other half.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad y = [a \odot s(f_1(b)) + f_2(b),\; b], \qquad
        \log|\det J| = \textstyle\sum \log s(f_1(b))

    The networks need not be invertible. With an odd number of channels the first half is the
    larger one.

    Args:
        net: Gives :math:`f_1(b)` if ``shift_net`` is given, else :math:`f_1(b)` and :math:`f_2(b)`
            stacked along the channels. Let its last layer start at zero, so that the coupling
            starts as a constant scaling. On a CPU, networks of torch's own modules get :math:`b` in
            the channels-last layout, in which convolutions are faster; so do modules of other
            classes that have an attribute ``takes_any_layout = True``.
        shift_net: Gives :math:`f_2(b)`.
        scale: How :math:`s` makes a positive number, see
            :func:`~flowcolor.layers.functional.scale.positive_scale`; ``"none"`` only shifts:
            ``net`` then gives :math:`f_2(b)` alone, and the log-det is 0. It is 0 with
            ``"zero_sum"``, too, which scales some channels up and others down.
        steer: Which half is :math:`b`. ``"first"``, as in Glow: :math:`y = [b,\; a \odot s + t]`.
        order: ``"shift_scale"``, as in the code released with Glow:
            :math:`y = [(a + f_2(b)) \odot s(f_1(b)),\; b]`.
        clamp: The :math:`c` of the scales ``"exp"``, ``"atan"`` and ``"zero_sum"``; ``"atan"``
            must have one.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``net``: :math:`(B, \lfloor C/2 \rfloor, *)` to :math:`(B, 2\lceil C/2 \rceil, *)`, or to
          :math:`(B, \lceil C/2 \rceil, *)` beside a ``shift_net`` of the same shape or alone with
          scale ``"none"``. Where the first half steers, floor and ceiling change places.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If an argument is none of those above.

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
        self,
        net: nn.Module,
        shift_net: nn.Module | None = None,
        scale: Scale = "bounded",
        *,
        steer: Half = "second",
        order: Order = "scale_shift",
        clamp: float | None = CLAMP,
    ) -> None:
        super().__init__(net, shift_net, scale, steer, order, clamp)

    def fuse(self, b: Tensor, condition: Tensor | None) -> Tensor:
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
        steer: As in :class:`AffineCoupling`.
        order: As in :class:`AffineCoupling`.
        clamp: As in :class:`AffineCoupling`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``condition``: whatever ``aggregate`` takes.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If no condition is given.

    Reference:
        :ref:`The thesis <the-thesis>`, equations 3.17 to 3.19.

    Example:
        >>> import torch
        >>> from flowcolor.layers import FeatureAggregation
        >>> net = nn.Conv2d(2, 4, kernel_size=3, padding=1)
        >>> layer = ConditionalAffineCoupling(net, FeatureAggregation(2, 3))
        >>> y, logdet = layer(torch.randn(8, 4, 5, 5), torch.randn(8, 3, 5, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 4, 5, 5]), torch.Size([8]))
    """

    num_conditions = 1

    def __init__(
        self,
        net: nn.Module,
        aggregate: nn.Module,
        shift_net: nn.Module | None = None,
        scale: Scale = "bounded",
        *,
        steer: Half = "second",
        order: Order = "scale_shift",
        clamp: float | None = CLAMP,
    ) -> None:
        super().__init__(net, shift_net, scale, steer, order, clamp)
        check_module(self, aggregate=aggregate)
        self.aggregate = aggregate

    def fuse(self, b: Tensor, condition: Tensor | None) -> Tensor:
        return call_network(self, self.aggregate, b, one_condition(self, condition))
