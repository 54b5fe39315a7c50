"""Rational-quadratic splines against what defines them."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import SplineCoupling
from flowcolor.layers.functional.spline import Knots, make_knots, spline
from flowcolor.testing import check_invertible

# zuko 1.6.0, in float64: `MonotonicRQSTransform` of widths (1, -1/2, 1/4, 0), heights (-1, 1/2, 0,
# 3/2) and derivatives (0.7, -1.2, 0.4), with bound 3. First its knots, then for some values the
# result, the logarithm of the derivative, and the inverse.
ZUKO_KNOTS = {
    "x": [-3.0, -0.4352311368016627, 0.3278590054284771, 1.818964237025493, 3.0],
    "y": [-3.0, -2.528022217300085, -0.9416907287915433, 0.0832688525689591, 3.0],
    "slope": [1.0, 1.8881396642527837, 0.35973333026200033, 1.4595168434772223, 1.0],
}
ZUKO = [
    (-3.5, -3.5, 0.0, -3.5),
    (-2.75, -2.895626947889919, -1.726397709301755, -0.7865577402296675),
    (-1.5, -2.818690327703446, -3.0258410075708655, -0.03659532400968862),
    (-0.625, -2.7005366984316166, -0.8229790844161533, 1.0402475285435198),
    (0.0, -1.4064086879556326, 0.9051130251332382, 1.7592270341328462),
    (0.5, -0.8774936624873418, -0.9458996932117071, 2.034496350915753),
    (1.25, -0.4917683267892827, -0.3512494954226795, 2.2934843952396955),
    (2.0, 0.41931905515403334, 0.8162966635149399, 2.5237987116533858),
    (2.875, 2.840389824738713, 0.4491412365920321, 2.8978882422288255),
]


def knots(count=5, bins=4, bound=2.0):
    raw = torch.randn(count, 3 * bins - 1, dtype=torch.float64)
    return make_knots(raw, bins, bound), bound


def test_a_spline_passes_its_knots_with_their_slopes():
    made, bound = knots()
    for i in range(5):
        x = made.x[:, i].clone().requires_grad_()
        y, log_slope = spline(x, made, bound, inverse=False)
        (slope,) = torch.autograd.grad(y.sum(), x)
        assert_close(y, made.y[:, i])
        assert_close(log_slope.exp(), made.slope[:, i])
        assert_close(slope, made.slope[:, i])


def test_between_its_knots_it_is_rational_quadratic_and_rises():
    """A quotient of quadratics is fixed by five values; the others have to lie on it."""
    made, bound = knots(1)
    low, high = made.x[0, 1], made.x[0, 2]
    x = low + (high - low) * torch.linspace(0, 1, 9, dtype=torch.float64)
    same = type(made)(*(part.expand(9, -1) for part in made))
    y = spline(x, same, bound, inverse=False)[0]
    assert (y.diff() > 0).all()
    # y (1 + p x + q x^2) = a + b x + c x^2 has one solution for all nine.
    left = torch.stack([torch.ones_like(x), x, x**2, -y * x, -y * x**2], 1)
    solved = torch.linalg.lstsq(left, y[:, None], driver="gelsd").solution
    assert_close(left @ solved, y[:, None], rtol=1e-9, atol=1e-9)


def test_numbers_are_those_of_zuko():
    value, y, log_slope, x = torch.tensor(ZUKO, dtype=torch.float64).T
    made = {n: torch.tensor(k, dtype=torch.float64).expand(9, -1) for n, k in ZUKO_KNOTS.items()}
    found = spline(value, Knots(**made), 3.0, inverse=False)
    assert_close(found, (y, log_slope), rtol=1e-13, atol=1e-13)
    back, back_slope = spline(value, Knots(**made), 3.0, inverse=True)
    assert_close(back, x, rtol=1e-13, atol=1e-13)
    again = spline(back, Knots(**made), 3.0, inverse=False)[1]
    assert_close(back_slope, -again, rtol=1e-11, atol=1e-13)


def test_outside_it_is_the_identity():
    made, bound = knots(2)
    x = torch.tensor([-2.5, 7.0], dtype=torch.float64)
    for inverse in (False, True):
        y, log_slope = spline(x, made, bound, inverse=inverse)
        assert torch.equal(y, x)
        assert not log_slope.any()


def test_a_network_of_zeros_gives_the_identity():
    net = nn.Conv2d(2, 2 * 23, kernel_size=1)
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)
    x = torch.randn(2, 4, 3, 3)
    y, logdet = SplineCoupling(net)(x)
    assert_close(y, x, rtol=0, atol=1e-6)
    assert_close(logdet, torch.zeros(2), rtol=0, atol=1e-4)


def test_a_network_of_another_shape_is_refused_in_words():
    layer = SplineCoupling(nn.Conv2d(2, 5, kernel_size=1), bins=4)
    with pytest.raises(ValueError, match=r"return shape \(2, 22, 3, 3\) .* got \(2, 5, 3, 3\)\.$"):
        layer(torch.randn(2, 4, 3, 3))


@pytest.mark.parametrize("bins", [1000, 1500, 10**30])
def test_more_bins_than_have_a_width_are_refused(bins):
    message = rf"^SplineCoupling expects bins below 1000, .*, got {bins}\.$"
    with pytest.raises(ValueError, match=message):
        SplineCoupling(nn.Identity(), bins=bins)
    layer = SplineCoupling(nn.Conv2d(1, 3 * 999 - 1, kernel_size=1), bins=999).double()
    check_invertible(layer, torch.randn(2, 2, 2, 2))
