r"""Monotone rational-quadratic splines with linear tails."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

LEAST = 1e-3  # Of a bin's width and height as a part of all, and of a slope.


class Knots(NamedTuple):
    """The knots of a spline for each value: K + 1 positions, heights and slopes, last axis."""

    x: Tensor
    y: Tensor
    slope: Tensor


def make_knots(raw: Tensor, bins: int, bound: float) -> Knots:
    r"""Turn :math:`3K - 1` numbers into knots; zeros give the identity.

    Widths and heights of the :math:`K` bins are softmaxes, slopes at the inner knots softplus, and
    slopes at both ends 1, so that the spline goes over into the identity.

    Args:
        raw: Numbers, last axis :math:`3K - 1`: widths, heights, slopes.
        bins: :math:`K`.
        bound: Half of the side :math:`B` of the square that the spline fills.
    """
    widths, heights, slopes = raw.split([bins, bins, bins - 1], dim=-1)
    # softplus(_ONE) + LEAST = 1.
    one = torch.log(torch.expm1(raw.new_tensor(1 - LEAST)))
    slopes = functional.pad(LEAST + functional.softplus(slopes + one), (1, 1), value=1.0)
    return Knots(_positions(widths, bins, bound), _positions(heights, bins, bound), slopes)


def _positions(raw: Tensor, bins: int, bound: float) -> Tensor:
    parts = LEAST + (1 - LEAST * bins) * raw.softmax(-1)
    inner = 2 * bound * parts.cumsum(-1)[..., :-1] - bound
    low = functional.pad(inner, (1, 0), value=-bound)
    return functional.pad(low, (0, 1), value=bound)  # Exactly: not what rounding makes of the sum.


def spline(value: Tensor, knots: Knots, bound: float, *, inverse: bool) -> tuple[Tensor, Tensor]:
    r"""Return the spline of each value, or what it came from, and the log of the derivative.

    With :math:`\xi` the place of :math:`x` in its bin, :math:`s = \Delta y / \Delta x` and slopes
    :math:`d_0, d_1` at its ends,

    .. math::
        y = y_0 + \frac{\Delta y\,(s \xi^2 + d_0 \xi (1 - \xi))}
                       {s + (d_0 + d_1 - 2 s)\, \xi (1 - \xi)}

    and the identity outside of :math:`[-B, B]`.

    Args:
        value: Of any shape.
        knots: Of that shape, with one axis more.
        bound: :math:`B`.
        inverse: Whether ``value`` is :math:`y`.

    Reference:
        Durkan et al., "Neural spline flows" (2019), equations 4 to 8.
        https://arxiv.org/abs/1906.04032
    """
    inside = (value >= -bound) & (value <= bound)
    safe = torch.where(inside, value, 0.0)
    places = knots.y if inverse else knots.x
    index = (safe[..., None] >= places[..., 1:-1]).sum(-1, keepdim=True)

    def both(at: Tensor) -> tuple[Tensor, Tensor]:
        return at.gather(-1, index)[..., 0], at.gather(-1, index + 1)[..., 0]

    (x0, x1), (y0, y1), (d0, d1) = (both(at) for at in knots)
    dx, dy = x1 - x0, y1 - y0
    s = dy / dx
    bend = d0 + d1 - 2 * s
    if inverse:
        up = safe - y0
        a = dy * (s - d0) + up * bend
        b = dy * d0 - up * bend
        c = -s * up
        root = (b.square() - 4 * a * c).clamp(min=0).sqrt()
        xi = 2 * c / (-b - root)
        result = x0 + xi * dx
    else:
        xi = (safe - x0) / dx
        result = y0 + dy * (s * xi.square() + d0 * xi * (1 - xi)) / (s + bend * xi * (1 - xi))
    rest = 1 - xi
    top = s.square() * (d1 * xi.square() + 2 * s * xi * rest + d0 * rest.square())
    log_slope = top.log() - 2 * (s + bend * xi * rest).log()
    log_slope = torch.where(inside, -log_slope if inverse else log_slope, 0.0)
    return torch.where(inside, result, value), log_slope
