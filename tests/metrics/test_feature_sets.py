"""FID and KID against scipy and the definition, on features of every kind and number."""

import copy
import pickle

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchmetrics.image.kid import poly_mmd

from flowcolor.errors import InputError
from flowcolor.metrics import (
    FrechetInceptionDistance,
    KernelInceptionDistance,
    frechet_distance,
    kernel_distance,
)

KINDS = [(FrechetInceptionDistance, "fid"), (KernelInceptionDistance, "kid")]


def fid_by_scipy(x, y):
    x, y = x.double().numpy(), y.double().numpy()
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    shift = ((x.mean(0) - y.mean(0)) ** 2).sum()
    return shift + np.trace(a) + np.trace(b) - 2 * np.trace(scipy.linalg.sqrtm(a @ b)).real


def kid_by_definition(x, y):
    """Write the double sums of the definition out."""

    def mean_kernel(a, b, same):
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not (same and i == j)]
        kernels = [(float(a[i] @ b[j]) / a.shape[1] + 1) ** 3 for i, j in pairs]
        return sum(kernels) / len(kernels)

    x, y = x.double(), y.double()
    return mean_kernel(x, x, True) + mean_kernel(y, y, True) - 2 * mean_kernel(x, y, False)


def sets(seed, n, m, d, spread=1.0):
    """Make two sets of correlated features with different means."""
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.randn(2, d, d, generator=generator) / d**0.5
    x = torch.randn(n, d, generator=generator) @ mixed[0] + 0.5
    y = torch.randn(m, d, generator=generator) @ mixed[1] * spread
    return x, y


def measured(kind, x, y, sizes=(3,)):
    metric = kind(features=lambda images: images.flatten(1), dimensions=x.shape[1])
    for features, real in [(x, True), (y, False)]:
        for batch in features.split(sizes[0]):
            metric.update(batch[:, :, None, None], real=real)
    return metric.compute()


@given(st.integers(0, 2**32 - 1), st.integers(9, 60), st.integers(9, 60), st.integers(1, 8))
def test_fid_is_that_of_scipy(seed, n, m, d):
    if d == 1:
        d = 2  # numpy makes a scalar of a covariance of one feature.
    x, y = sets(seed, n, m, d, spread=1.5)
    found = measured(FrechetInceptionDistance, x, y, sizes=(7,))
    assert found["fid"].item() == pytest.approx(fid_by_scipy(x, y), rel=1e-4)
    assert found["fid_n"].item() == min(n, m)


def test_fid_of_more_features_than_images_is_that_of_the_eigenvalues():
    """The covariances are singular, and scipy's iterative root fails or returns noise."""
    x, y = sets(0, 20, 30, 50)
    a, b = (torch.cov(z.double().T) for z in (x, y))
    overlap = np.sqrt(np.linalg.eigvals((a @ b).numpy()).astype(complex)).real.sum()
    shift = (x.double().mean(0) - y.double().mean(0)).square().sum()
    expected = float(shift + a.trace() + b.trace()) - 2 * overlap
    assert measured(FrechetInceptionDistance, x, y)["fid"].item() == pytest.approx(
        expected, rel=1e-4
    )


def test_fid_of_gaussians_that_commute_has_a_closed_form():
    a = torch.logspace(-9, 0, 6, dtype=torch.float64)
    b = torch.cat([a[3:], a[:3]])
    a[2] = 0
    mean, other = torch.rand(2, 6, dtype=torch.float64)
    found = frechet_distance(mean, a.diag(), other, b.diag())
    expected = (mean - other).square().sum() + (a.sqrt() - b.sqrt()).square().sum()
    torch.testing.assert_close(found, expected)


def test_fid_of_a_set_and_itself_is_zero_even_far_from_the_origin():
    x, _ = sets(1, 40, 2, 5)
    found = measured(FrechetInceptionDistance, x + 1000, x + 1000)["fid"].item()
    assert abs(found) < 1e-6
    shifted = measured(FrechetInceptionDistance, x + 1000, x + 1001)["fid"].item()
    assert shifted == pytest.approx(5, rel=1e-4)


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(2, 9), st.integers(1, 5))
def test_kid_is_its_definition(seed, n, m, d):
    x, y = sets(seed, n, m, d, spread=2.0)
    found = measured(KernelInceptionDistance, x, y)
    assert found["kid"].item() == pytest.approx(kid_by_definition(x, y), rel=1e-4, abs=1e-6)
    assert found["kid_n"].item() == min(n, m)


def test_kid_of_many_images_is_that_of_torchmetrics():
    """More of them than rows of the kernel matrix that exist at once."""
    x, y = sets(2, 1100, 1100, 6, spread=1.2)
    expected = poly_mmd(x.double(), y.double()).item()
    assert kernel_distance(x, y).item() == pytest.approx(expected, rel=1e-6)
    assert expected > 0.01


def test_kid_has_the_same_expectation_for_few_images_as_for_many():
    x, y = sets(3, 4000, 4000, 4, spread=1.2)
    few = torch.stack([kernel_distance(x[i : i + 8], y[i : i + 8]) for i in range(0, 4000, 8)])
    error = few.std() / len(few) ** 0.5
    assert abs(few.mean() - kernel_distance(x, y)) < 3 * error


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_batches_and_shared_features_do_not_matter(kind, name):
    x, y = sets(4, 12, 9, 3)
    expected = measured(kind, x, y, sizes=(12,))
    torch.testing.assert_close(measured(kind, x, y, sizes=(5,)), expected)
    metric = kind(features=lambda images: pytest.fail("looked at"), dimensions=3)
    metric.update(torch.zeros(12, 3, 4, 4), real=True, features=x)
    metric.update(torch.zeros(9, 3, 4, 4), real=False, features=y)
    torch.testing.assert_close(metric.compute(), expected)
    metric.reset()
    for features, real in [(y, True), (x, False)]:
        metric.update(torch.zeros(len(features), 3, 4, 4), real=real, features=features)
    torch.testing.assert_close(metric.compute(), expected)  # Both distances are symmetric.
    metric.update(torch.zeros(9, 3, 4, 4), real=True, features=y + 1)
    assert metric.compute()[name] != expected[name]


@pytest.mark.parametrize(("kind", "name"), KINDS)
@pytest.mark.filterwarnings("ignore:The ``compute`` method")
@pytest.mark.parametrize("numbers", [(0, 0), (0, 5), (1, 5), (5, 1)])
def test_with_fewer_than_two_images_there_is_no_distance(kind, name, numbers):
    x, y = sets(5, *numbers, 3)
    metric = kind(features=lambda images: images, dimensions=3)
    for features, real in [(x, True), (y, False)]:
        if len(features):
            metric.update(features, real=real)
    found = metric.compute()
    assert found[name].isnan()
    assert found[f"{name}_n"].item() == min(numbers)


@given(st.integers(0, 2**32 - 1))
def test_kid_of_a_single_image_is_no_rounding_error_over_nothing(seed):
    x, y = sets(seed, 1, 5, 50)
    assert kernel_distance(x, y).isnan()
    assert kernel_distance(y, x).isnan()


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_a_module_gets_neither_trained_nor_stored(kind, name):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.Dropout())
    with pytest.raises(ValueError, match="`features` must be in eval mode"):
        kind(features=network, dimensions=4)
    metric = kind(features=network.eval(), dimensions=4)
    metric.persistent(False)
    assert not list(metric.parameters())
    assert not metric.state_dict()
    images = torch.rand(5, 3, 2, 2)
    found = metric.features(images)
    assert not found.requires_grad
    assert torch.equal(found, network(images))
    metric.train()
    assert not network.training
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(metric.features(images), found)
    assert "own features" in metric.note
    assert metric.prepare() is None
    for again in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        for real in (True, False):
            again.update(images + real, real=real)
        assert again.compute()[name].isfinite()


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_features_that_write_to_what_they_are_given_leave_the_images_alone(kind, name):
    images, metric = torch.rand(4, 3, 2, 2), kind(features=in_place, dimensions=12)
    before, expected = images.clone(), images.flatten(1).neg()
    metric.update(images, real=True)
    assert torch.equal(metric.features(images), expected)
    assert torch.equal(images, before)


def in_place(images):
    return images.neg_().flatten(1)


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_impossible_features_are_one_sentence(kind, name):
    images = torch.rand(5, 3, 2, 2)
    metric = kind(features=lambda images: images.flatten(1), dimensions=7)
    with pytest.raises(ValueError, match=r"shape \(batch, 7\), got \(5, 12\); `dimensions`"):
        metric.update(images, real=True)
    with pytest.raises(ValueError, match="one row for each of 5 images, got 4"):
        metric.update(images, real=True, features=torch.rand(4, 7))
    for arguments in [{"path": "some.pth"}, {"random_weights": True}]:
        with pytest.raises(InputError, match="of no use with `features` given"):
            kind(features=lambda images: images, **arguments)


@pytest.mark.parametrize("real", ["no", None, 0, 1, 0.0])
def test_sides_that_are_neither_true_nor_false_are_refused(real):
    images = torch.rand(2, 3, 2, 2)
    for kind in (FrechetInceptionDistance, KernelInceptionDistance):
        metric = kind(features=lambda x: x.flatten(1), dimensions=12)
        with pytest.raises(ValueError, match=f"^{kind.__name__} expects real to be True or False"):
            metric.update(images, real=real)


@pytest.mark.parametrize("real", [True, False])
def test_a_side_without_images_is_where_the_other_one_is(real):
    metric = KernelInceptionDistance(features=lambda x: x.flatten(1), dimensions=12)
    metric.update(torch.rand(3, 3, 2, 2, device="meta"), real=real)
    found = metric.compute()
    assert {value.device.type for value in found.values()} == {"meta"}
