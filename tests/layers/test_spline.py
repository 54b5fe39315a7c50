"""Rational-quadratic splines against what defines them."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from flowcolor.layers import SplineCoupling
from flowcolor.layers.functional.spline import make_knots, spline


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
