"""Products that are no part of a network keep their precision under autocast."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.losses import FeatureLoss
from flowcolor.models.ab_bins import COUNT, annealed_mean, rebalancing
from flowcolor.models.gatys_loss import gram
from flowcolor.models.latent_transfer import transfer_covariance

X = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
COMPUTED = {
    "annealed_mean": lambda: annealed_mean(9 * X.repeat(1, COUNT, 1, 1)[:, :COUNT], 0.38),
    "gram": lambda: gram(9 * X[:1]),
    "rebalancing": lambda: rebalancing(X.repeat(1, 3, 1, 1).flatten()[:COUNT]),
    "transfer_covariance": lambda: transfer_covariance(5 * X, 3 * X.flip(0)),
}


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", COMPUTED)
def test_products_are_the_same_under_autocast(name, kind):
    expected = COMPUTED[name]()
    with torch.autocast("cpu", kind):
        assert torch.equal(COMPUTED[name](), expected)


def test_the_style_of_large_pictures_is_finite_in_16_bits():
    """In float16 sums of squares of that many places end at 65504."""
    loss, pictures = FeatureLoss(random_weights=True), torch.rand(2, 1, 3, 96, 96)
    with torch.no_grad():
        loss.activations.prepare(download=False)[0].weight.mul_(200)
        full = loss(*pictures)
        with torch.autocast("cpu", torch.float16):
            half = loss(*pictures)
    assert float(full["style"]) > 0
    assert_close(half, full, rtol=0.02, atol=0)
