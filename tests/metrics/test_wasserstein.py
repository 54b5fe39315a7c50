"""Distances of clouds of colours against scipy, direction by direction."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from flowcolor.metrics import color_wasserstein, rgb_to_lab, sliced_wasserstein
from flowcolor.metrics.wasserstein import _half_sphere


def by_scipy(a, b, directions=64):
    theta = _half_sphere(directions)
    distances = [wasserstein_distance(a.double() @ t, b.double() @ t) for t in theta]
    return sum(distances) / directions


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(1, 7), st.sampled_from([0, 1, 100])
)
def test_distances_are_those_of_scipy_for_sets_of_any_size(seed, n, m, spread):
    generator = torch.Generator().manual_seed(seed)
    a = spread * torch.randn(n, 3, generator=generator, dtype=torch.float64)
    b = spread * torch.randn(m, 3, generator=generator, dtype=torch.float64) + 5
    found = sliced_wasserstein(a, b, 5).item()
    assert found == pytest.approx(by_scipy(a, b, 5), rel=1e-9)
    assert found == pytest.approx(sliced_wasserstein(b, a, 5).item(), rel=1e-9)


def test_the_directions_cover_the_half_sphere_evenly():
    """Their mean outer product is that of the uniform distribution, and a shift costs a half."""
    theta = _half_sphere(64)
    torch.testing.assert_close(theta.norm(dim=1), torch.ones(64, dtype=torch.float64))
    outer = (theta[:, :, None] * theta[:, None]).mean(0)
    torch.testing.assert_close(outer, torch.eye(3, dtype=torch.float64) / 3, rtol=0, atol=0.01)
    points = torch.randn(50, 3)
    for shift in (8 * torch.eye(3)).unbind():
        assert sliced_wasserstein(points, points + shift).item() == pytest.approx(4, rel=0.02)


def test_order_does_not_matter_but_spread_does():
    points = torch.randn(100, 3)
    assert sliced_wasserstein(points, points[torch.randperm(100)]).item() == 0
    assert sliced_wasserstein(points, points.mean(0).expand(100, 3)) > 0.5


def test_large_sets_stay_exact_in_float32():
    """As many pixels as two images of 256 by 256 have, of coprime numbers."""
    a, b = 100 * torch.rand(65536, 3), 100 * torch.rand(65001, 3) ** 2
    assert sliced_wasserstein(a, b, 2).item() == pytest.approx(by_scipy(a, b, 2), rel=1e-4)


def test_an_empty_set_has_no_distance():
    assert sliced_wasserstein(torch.rand(0, 3), torch.rand(2, 3)).isnan()
    assert sliced_wasserstein(torch.rand(2, 3), torch.rand(0, 3)).isnan()


def test_images_are_compared_inside_their_masks():
    image, reference = torch.rand(2, 3, 5, 4), torch.rand(2, 3, 3, 3)
    mask, reference_mask = torch.rand(2, 5, 4) < 0.5, torch.rand(2, 3, 3) < 0.5
    found = color_wasserstein(image, reference, mask, reference_mask)
    a, b = rgb_to_lab(image), rgb_to_lab(reference)
    for i in range(2):
        expected = by_scipy(a[i][:, mask[i]].T, b[i][:, reference_mask[i]].T)
        assert found[i].item() == pytest.approx(expected, rel=1e-5)


def test_places_do_not_matter_and_flat_images_have_half_their_delta_e():
    image = torch.rand(1, 3, 6, 6)
    assert color_wasserstein(image, image.flip(3)).item() == pytest.approx(0, abs=1e-5)
    black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    assert color_wasserstein(black, white).item() == pytest.approx(50, rel=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sliced_wasserstein(torch.rand(4, 2), torch.rand(4, 2)), r"\(n, 3\) .* \(4, 2\)"),
        (lambda: sliced_wasserstein(torch.rand(4, 3), torch.rand(4, 3), 0), "and 0"),
        (lambda: color_wasserstein(*map(torch.rand, [(2, 3, 4, 4), (1, 3, 4, 4)])), "got 2 and 1"),
    ],
)
def test_impossible_arguments_are_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
