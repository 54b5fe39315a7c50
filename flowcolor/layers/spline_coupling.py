r"""A coupling that bends one half of the channels by splines."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from flowcolor.arguments import check_choice, check_count, check_module, check_positive
from flowcolor.layers.base import Condition, Features, InvertibleLayer, LogDet, check_tensor
from flowcolor.layers.functional.affine import Half, join_halves, split_half
from flowcolor.layers.functional.spline import LEAST, make_knots, spline
from flowcolor.layers.reversible.vjp import Rebuilt, ReverseStep, gradients_of
from flowcolor.layers.subnetwork import call_network
from flowcolor.values import widen


class SplineCoupling(InvertibleLayer):
    r"""Bend one half of the channels by monotone splines whose knots a network places.

    .. math::
        (a, b) = \mathrm{split}(x), \qquad y = [g(a; \mathrm{net}(b)),\; b], \qquad
        \log|\det J| = \textstyle\sum \log g'(a; \mathrm{net}(b))

    :math:`g` is rational-quadratic in each of :math:`K` bins on :math:`[-B, B]` and the identity
    outside. Let the last layer of the network start at zero, so that :math:`g` starts as the
    identity.

    Args:
        net: Gives :math:`3K - 1` numbers for each value of :math:`a`: as many channels, those of
            one channel of :math:`a` side by side; first widths, then heights, then inner slopes.
        bins: :math:`K`, below 1000.
        bound: :math:`B`.
        steer: Which half is :math:`b`, see :class:`AffineCoupling`.

    Shape:
        - ``x``, ``y``: :math:`(B, C, *)` with :math:`C \ge 2`.
        - ``net``: :math:`(B, \lfloor C/2 \rfloor, *)` to
          :math:`(B, (3K - 1) \lceil C/2 \rceil, *)`.
        - ``logdet``: :math:`(B,)`.

    Raises:
        ValueError: If an argument is none of those above, or the network returns another shape.

    Reference:
        Durkan et al., "Neural spline flows" (2019), section 3.1.
        https://arxiv.org/abs/1906.04032

    Example:
        >>> layer = SplineCoupling(nn.Conv2d(2, 2 * 11, kernel_size=3, padding=1), bins=4)
        >>> y, logdet = layer(torch.randn(8, 4, 5, 5))
        >>> y.shape, logdet.shape
        (torch.Size([8, 4, 5, 5]), torch.Size([8]))
    """

    draws_alike: ClassVar[bool] = True

    def __init__(
        self, net: nn.Module, bins: int = 8, bound: float = 3.0, steer: Half = "second"
    ) -> None:
        super().__init__()
        check_module(self, net=net)
        check_count(self, bins=bins)
        if bins >= 1 / LEAST:
            raise ValueError(
                f"{type(self).__name__} expects bins below {1 / LEAST:.0f}, each of which has at "
                f"least {LEAST:.1%} of the width, got {bins}."
            )
        check_positive(self, bound=bound)
        check_choice(self, steer=(steer, Half))
        self.net = net
        self.bins = bins
        self.bound = bound
        self.steer: Half = steer

    def forward(self, x: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        return self._run(x, inverse=False)

    def inverse(self, y: Features, condition: Condition | None = None) -> tuple[Features, LogDet]:
        return self._run(y, inverse=True)

    def vjp(self, step: ReverseStep) -> Rebuilt:
        out, b = split_half(self, step.out, self.steer)
        grad_out, grad_b = split_half(self, step.grad_out, self.steer)
        b = b.detach().requires_grad_()
        with torch.enable_grad():
            graph = self._raw(b.view_as(b), out)  # The network is evaluated once.
        raw = graph.detach().requires_grad_()
        a = self._bend(out, raw.detach(), inverse=not step.inverse)[0].requires_grad_()
        with torch.enable_grad():
            ends = self._bend(a, raw, inverse=step.inverse)
        grads = gradients_of(ends, (a, raw), (grad_out, step.grad_logdet))
        grad_a, grad_raw = grads[a], grads[raw]
        found = gradients_of((graph,), (b, *step.params), (grad_raw,))
        grad_b = grad_b + found.pop(b) if b in found else grad_b
        x = join_halves(a.detach(), b.detach(), self.steer)
        return Rebuilt(x, join_halves(grad_a, grad_b, self.steer), None, found)

    def _run(self, x: Tensor, *, inverse: bool) -> tuple[Tensor, LogDet]:
        check_tensor(self, x)
        a, b = split_half(self, widen(x), self.steer)
        a, logdet = self._bend(a, self._raw(b, a), inverse=inverse)
        return join_halves(a, b, self.steer), logdet

    def _raw(self, b: Tensor, a: Tensor) -> Tensor:
        """Return the numbers of each value of ``a`` along a last axis."""
        output, count = call_network(self, self.net, b), 3 * self.bins - 1
        expected = (a.shape[0], count * a.shape[1], *a.shape[2:])
        if output.shape != expected:
            raise ValueError(
                f"SplineCoupling expects its network to return shape {expected} for an input of "
                f"shape {tuple(b.shape)}, got {tuple(output.shape)}."
            )
        numbers = output.to(a.dtype).reshape(*a.shape[:2], count, *a.shape[2:])
        return numbers.movedim(2, -1)

    def _bend(self, a: Tensor, raw: Tensor, *, inverse: bool) -> tuple[Tensor, LogDet]:
        knots = make_knots(raw, self.bins, self.bound)
        result, log_slope = spline(a, knots, self.bound, inverse=inverse)
        return result, log_slope.flatten(1).sum(1)
