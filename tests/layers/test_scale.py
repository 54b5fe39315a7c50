"""The scales, against their formulas."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from flowcolor.layers.functional.scale import SCALES, differentiate_scale, positive_scale


def sigmoid(r):
    return 1 / (1 + math.exp(-r))


FORMULAS = {
    "bounded": lambda r: 0.5 + sigmoid(r),
    "sigmoid": sigmoid,
    "sigmoid2": lambda r: sigmoid(r + 2),
    "exp": lambda r: math.exp(2 * math.tanh(r / 2)),
    "atan": lambda r: math.exp(0.636 * 2 * math.atan(r / 2)),
}
CLAMPS = {  # With another c.
    "exp": lambda r, c: r if c is None else c * math.tanh(r / c),
    "atan": lambda r, c: 0.636 * c * math.atan(r / c),
}


@pytest.mark.parametrize("kind", FORMULAS)
@given(raw=st.floats(-30, 30))
def test_scale_and_logarithm_follow_their_formulas(kind, raw):
    scale, log_scale = positive_scale(torch.tensor(raw, dtype=torch.float64), kind)
    assert_close(scale.item(), FORMULAS[kind](raw), rtol=1e-12, atol=0)
    assert_close(log_scale.item(), math.log(FORMULAS[kind](raw)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("kind", "clamp"), [("exp", 1.5), ("exp", None), ("atan", 0.6)])
@given(raw=st.floats(-30, 30), grad_scale=st.floats(-10, 10), grad_log=st.floats(-10, 10))
def test_another_clamp_is_that_of_the_formula_and_of_its_gradient(
    kind, clamp, raw, grad_scale, grad_log
):
    r = torch.tensor([raw], dtype=torch.float64, requires_grad=True)
    grads = torch.tensor([grad_scale]).double(), torch.tensor([grad_log]).double()
    scale, log_scale = positive_scale(r, kind, clamp)
    assert_close(log_scale.item(), CLAMPS[kind](raw, clamp), rtol=1e-9, atol=1e-12)
    assert_close(scale.item(), math.exp(CLAMPS[kind](raw, clamp)), rtol=1e-9, atol=0)
    (expected,) = torch.autograd.grad((scale, log_scale), r, grads)
    actual = differentiate_scale(r.detach(), scale.detach(), kind, *grads, clamp)
    assert_close(actual, expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(
    ("kind", "low", "high", "start"),
    [
        ("bounded", 0.5, 1.5, 1.0),
        ("sigmoid", 0.0, 1.0, 0.5),
        ("sigmoid2", 0.0, 1.0, sigmoid(2)),
        ("exp", math.exp(-2), math.exp(2), 1.0),
        ("atan", math.exp(-0.636 * math.pi), math.exp(0.636 * math.pi), 1.0),
    ],
)
def test_extremes_stay_in_range_with_finite_logarithms_and_gradients(kind, low, high, start):
    raw = torch.tensor([-1e4, -100.0, 0.0, 100.0, 1e4], requires_grad=True)
    scale, log_scale = positive_scale(raw, kind)
    assert_close(scale[[0, 2, 4]], torch.tensor([low, start, high]), rtol=1e-3, atol=1e-6)
    assert log_scale.isfinite().all()
    assert (scale.diff() >= 0).all()
    (gradient,) = torch.autograd.grad(scale.sum() + log_scale.sum(), raw)
    assert gradient.isfinite().all()


def test_small_sigmoids_keep_their_logarithm():
    """In float32 sigmoid(-100) is 4e-44 and sigmoid(-1000) is zero, but not their logarithms."""
    raw = torch.tensor([-100.0, -1000.0])
    assert_close(positive_scale(raw, "sigmoid")[1], raw)
    assert_close(positive_scale(raw, "sigmoid2")[1], raw + 2)


@pytest.mark.parametrize("kind", FORMULAS)
@given(raw=st.floats(-30, 30), grad_scale=st.floats(-10, 10), grad_log=st.floats(-10, 10))
def test_the_closed_form_of_the_gradient_is_that_of_autograd(kind, raw, grad_scale, grad_log):
    r = torch.tensor([raw], dtype=torch.float64, requires_grad=True)
    grads = torch.tensor([grad_scale]).double(), torch.tensor([grad_log]).double()
    scale, log_scale = positive_scale(r, kind)
    (expected,) = torch.autograd.grad((scale, log_scale), r, grads)
    given_scale = scale.detach().clone()
    actual = differentiate_scale(r.detach(), given_scale, kind, grads[0].clone(), grads[1])
    assert_close(actual, expected, rtol=1e-9, atol=1e-14)
    assert given_scale.equal(scale)


@pytest.mark.parametrize("clamp", [1.5, None])
def test_scales_of_zero_sum_are_exponentials_of_what_differs_from_the_mean(clamp):
    r = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    grads = torch.randn(2, 2, 5, 3, dtype=torch.float64)
    scale, log_scale = positive_scale(r, "zero_sum", clamp)
    bent = r if clamp is None else clamp * torch.tanh(r / clamp)
    for i in range(5):
        assert_close(log_scale[:, i], bent[:, i] - sum(bent[:, j] for j in range(5)) / 5)
    assert_close(scale.prod(1), torch.ones(2, 3, dtype=torch.float64))
    (expected,) = torch.autograd.grad((scale, log_scale), r, tuple(grads))
    given_scale = scale.detach().clone()
    actual = differentiate_scale(
        r.detach(), given_scale, "zero_sum", grads[0].clone(), grads[1], clamp
    )
    assert_close(actual, expected, rtol=1e-9, atol=1e-12)
    assert given_scale.equal(scale)


def test_no_scale_escapes_this_file():
    assert {*FORMULAS, "zero_sum"} == set(SCALES)
