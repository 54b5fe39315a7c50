import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcolor.evaluation.live_bytes import StorageTracker
from flowcolor.losses.vgg_distance import _step, vgg_distance
from flowcolor.pretrained.vgg import VGGActivations


@pytest.fixture(scope="module")
def early():
    return VGGActivations(("relu1_2", "relu2_2", "relu3_1"), random_weights=True)


@pytest.fixture(scope="module")
def whole():
    layers = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
    return VGGActivations(layers, random_weights=True)


def by_autograd(activations, x, y):
    x = x.clone().requires_grad_()
    pairs = zip(activations(x), activations(y), strict=True)
    distance = torch.stack([(a - b).square().mean() for a, b in pairs]).sum()
    return distance.detach(), torch.autograd.grad(distance, x)[0]


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    sides=st.tuples(st.integers(4, 17), st.integers(4, 17)),
    levels=st.sampled_from([1, 2, 256]),  # Of few levels come ties within a pooling window.
    batch=st.integers(1, 3),
)
def test_is_what_autograd_says(early, seed, sides, levels, batch):
    generator = torch.Generator().manual_seed(seed)
    shape = (2, batch, 3, *sides)
    x, y = torch.randint(levels, shape, generator=generator).double() / max(levels - 1, 1)
    distance, gradient = vgg_distance(early, x, y, want_gradient=True)
    expected = by_autograd(early, x, y)
    torch.testing.assert_close(distance, expected[0], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-10, atol=1e-14)


def test_is_what_autograd_says_to_the_last_layer(whole):
    x, y = torch.rand(2, 1, 3, 48, 37, dtype=torch.float64)
    distance, gradient = vgg_distance(whole, x, y, want_gradient=True)
    expected = by_autograd(whole, x, y)
    torch.testing.assert_close(distance, expected[0], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(gradient, expected[1], rtol=1e-10, atol=1e-14)


def test_of_equals_the_first_pixel_of_a_window_wins(early):
    # Flat images, so that every window is a tie and only the border tells pixels apart.
    x = torch.full((1, 3, 12, 12), 0.7, dtype=torch.float64)
    y = torch.rand_like(x)
    gradient = vgg_distance(early, x, y, want_gradient=True)[1]
    torch.testing.assert_close(gradient, by_autograd(early, x, y)[1], rtol=1e-10, atol=1e-14)


def test_pooling_chooses_as_torch_does():
    pool = torch.nn.MaxPool2d(2)
    x = torch.randint(3, (2, 4, 17, 23)).double().requires_grad_()
    expected = pool(x)
    weights = torch.rand_like(expected)
    pooled, undo = _step(pool, x.detach(), want_gradient=True)
    assert pooled.equal(expected)
    assert undo(weights).equal(torch.autograd.grad(expected, x, weights)[0])


def test_large_sums_keep_their_digits(early):
    x, y = torch.rand(2, 1, 3, 96, 96)
    precise = vgg_distance(early, x.double(), y.double(), want_gradient=False)[0]
    distance = vgg_distance(early, x, y, want_gradient=False)[0]
    assert distance.dtype == torch.float32
    assert float((distance - precise).abs() / precise) < 1e-6


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_the_gradient_has_the_images_precision_and_the_value_at_least_single(early, dtype):
    x, y = torch.rand(2, 1, 3, 8, 8).to(dtype)
    distance, gradient = vgg_distance(early, x, y, want_gradient=True)
    assert gradient.dtype == dtype
    assert distance.dtype == torch.promote_types(dtype, torch.float32)


def test_under_autocast_it_is_close_to_single_precision(early):
    x, y = torch.rand(2, 1, 3, 16, 16)
    distance, gradient = vgg_distance(early, x, y, want_gradient=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, rough_gradient = vgg_distance(early, x, y, want_gradient=True)
        pairs = zip(early(x), early(y), strict=True)
        exact = sum((a.float() - b.float()).square().mean() for a, b in pairs)
    assert rough.dtype == rough_gradient.dtype == torch.float32
    torch.testing.assert_close(rough, exact, rtol=1e-5, atol=0)  # Compared in single precision.
    assert float((rough - distance).abs() / distance) < 0.02
    assert float((rough_gradient - gradient).norm() / gradient.norm()) < 0.05
    assert not rough.equal(distance)  # Autocast was on.


def test_leaves_the_images_alone(early):
    x, y = torch.rand(2, 1, 3, 8, 8).requires_grad_()
    copies = x.clone(), y.clone()
    distance, gradient = vgg_distance(early, x, y, want_gradient=True)
    assert not distance.requires_grad
    assert not gradient.requires_grad
    assert x.equal(copies[0])
    assert y.equal(copies[1])


def test_keeps_no_activation_that_is_not_compared(whole):
    x, y = torch.rand(2, 1, 3, 64, 64)
    vgg_distance(whole, x, y, want_gradient=False)  # Brings the network to float32.
    first = 64 * 64 * 64 * 4  # What one activation of the first stage takes.
    with StorageTracker() as bytes_:
        result = vgg_distance(whole, x, y, want_gradient=True)
    assert bytes_.peak < 4.5 * first
    assert bytes_.total < 4 * x.nbytes
    with StorageTracker() as bytes_:
        vgg_distance(whole, x, y, want_gradient=False)
    assert bytes_.peak < 3.5 * first
    with StorageTracker() as bytes_:
        by_autograd(whole, x, y)
    assert bytes_.peak > 7 * first
    assert result[1] is not None
