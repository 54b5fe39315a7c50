"""Squared differences and LPIPS against their formulas, and the document's letter."""

import math
import re

import pytest
import torch
from skimage.color import rgb2lab
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import MSELPIPSLoss
from flowcolor.metrics import lpips, lpips_activations


@pytest.fixture
def pair():
    torch.manual_seed(0)
    return torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)


def test_the_loss_is_the_sum_of_its_terms(pair):
    result, truth = pair
    terms = MSELPIPSLoss(2.0, 3.0, random_weights=True)(result, truth)
    looks = lpips_activations(random_weights=True)
    assert_close(terms["mse"], torch.nn.functional.mse_loss(result, truth))
    assert_close(terms["lpips"], lpips(result, truth, looks).mean())
    assert_close(terms["loss"], 2 * terms["mse"] + 3 * terms["lpips"])


def test_its_gradient_is_that_of_finite_differences(pair):
    result, truth = (x.double() for x in pair)
    loss = MSELPIPSLoss(random_weights=True)
    result.requires_grad_()
    (grad,) = torch.autograd.grad(loss(result, truth)["loss"], result)
    way = torch.randn_like(result)
    with torch.no_grad():
        far, near = (loss(result + step * way, truth)["loss"] for step in (1e-6, -1e-6))
    assert_close((grad * way).sum(), (far - near) / 2e-6, rtol=1e-4, atol=1e-8)


def test_by_the_letter_lpips_gets_numbers_of_another_range(pair):
    result, truth = pair
    looks = lpips_activations(random_weights=True)
    found = MSELPIPSLoss(0.0, 1.0, random_weights=True, letter=True)(result, truth)
    assert_close(found["loss"], lpips((result + 1) / 2, (truth + 1) / 2, looks).mean())


def test_in_lab_the_differences_are_those_of_lab_and_by_the_letter_lpips_sees_lab(pair):
    lab = [torch.from_numpy(rgb2lab(x.movedim(1, -1).numpy())).movedim(-1, 1) for x in pair]
    a, b = (torch.cat([x[:, :1] / 100, (x[:, 1:] + 128) / 255], 1).float() for x in lab)
    right, letter = (
        MSELPIPSLoss(space="lab", random_weights=True, letter=letter)(*pair)
        for letter in (False, True)
    )
    looks = lpips_activations(random_weights=True)
    assert_close(right["mse"], (a - b).square().mean(), rtol=1e-3, atol=1e-6)
    assert_close(right["lpips"], lpips(*pair, looks).mean())
    expected = lpips((a + 1) / 2, (b + 1) / 2, looks).mean()
    assert_close(letter["lpips"], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mse": -1.0}, "Loss weights must be finite and not negative, got {'mse': -1.0, 'lpips'"),
        ({"mse": 0.0, "lpips": 0.0}, "At least one loss weight must be positive, got only zeros."),
        ({"space": "hsv"}, "space expects one of rgb, lab, got 'hsv'."),
        ({"network": "vgg"}, "`network` must be one of alexnet, vgg16, got 'vgg'."),
    ],
)
def test_what_cannot_be_summed_is_refused_in_words(options, expected):
    with pytest.raises(InputError, match=f"^{re.escape(expected)}"):
        MSELPIPSLoss(**options)


def test_pictures_too_small_for_the_network_are_refused(pair):
    small = [x[..., :16, :16] for x in pair]
    assert MSELPIPSLoss(lpips=0.0)(*small)["loss"] > 0
    with pytest.raises(ValueError, match=r"^MSELPIPSLoss expects .* sides of at least 31, got "):
        MSELPIPSLoss(random_weights=True)(*small)


def test_a_result_may_have_any_values_in_lab_too():
    truth = torch.rand(2, 3, 8, 8)
    result = (30 * torch.randn(2, 3, 8, 8)).requires_grad_()
    loss = MSELPIPSLoss(lpips=0.0, space="lab")(result, truth)["loss"]
    loss.backward()
    assert loss.isfinite()
    assert result.grad.isfinite().all()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("space", ["rgb", "lab"])
def test_results_that_are_not_finite_have_no_finite_loss(space, value):
    result, truth = torch.rand(2, 1, 3, 8, 8)
    result[0, 1, 2, 3] = value
    assert not MSELPIPSLoss(lpips=0.0, space=space)(result, truth)["loss"].isfinite()
