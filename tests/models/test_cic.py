"""CIC against its published size and costs, and its bins against their closed forms."""

import re

import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.color import rgb_to_lab
from flowcolor.models import CIC
from flowcolor.models.ab_bins import COUNT, annealed_mean, centers, rebalancing, soft_targets
from tests.models.helpers import trained_cic

# The published head has 313 bins, and a convolution to 2 channels where ours takes the mean.
HEAD, PUBLISHED = 256 * 529 + 529, 256 * 313 + 313 + 313 * 2


def grid(*colors):
    return torch.tensor(colors, dtype=torch.float64).T.reshape(1, 2, 1, len(colors))


def test_parameters_and_costs_are_those_of_the_published_network():
    with torch.device("meta"):
        net, x = CIC().net, torch.empty(1, 1, 256, 256)
        with FlopCounterMode(display=False) as counter:
            net(x)
    assert sum(p.numel() for p in net.parameters()) - HEAD + PUBLISHED == 32_236_011
    multiplications = counter.get_total_flops() / 2 - 64**2 * (256 * (529 - 313) - 313 * 2)
    assert multiplications / 1e9 == pytest.approx(41.8, abs=0.05)


def test_the_net_sees_the_lightness_of_the_content_around_zero():
    model, seen = trained_cic(), []
    model.net.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    content = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
    model(content)
    assert_close(seen[0], (rgb_to_lab(content)[:, :1] - 50) / 100)


def test_bins_are_a_grid_of_tens_that_no_colour_of_a_screen_leaves():
    found = centers()
    assert len(found) == COUNT == 23**2
    assert sorted(set(found.flatten().tolist())) == list(range(-110, 111, 10))
    assert len(set(map(tuple, found.tolist()))) == COUNT


def test_soft_targets_are_the_gaussians_of_the_five_nearest_bins():
    colors = grid((3.0, -41.0), (0.0, 0.0), (109.0, 93.0))
    shares = soft_targets(colors)
    assert_close(shares.sum(1), torch.ones(1, 1, 3, dtype=torch.float64))
    assert ((shares > 0).sum(1) == 5).all()
    for i in range(3):
        away = centers().double() - colors[0, :, 0, i]
        weights = torch.exp(-away.square().sum(1) / 50)
        near = weights.argsort(descending=True, stable=True)[:4]  # The fifth may have an equal.
        ratio = shares[0, near, 0, i] / weights[near]
        assert_close(ratio, ratio[:1].expand(4))
        assert int(shares[0, :, 0, i].argmax()) == int(weights.argmax())


def test_the_centre_of_every_bin_comes_back():
    colors = centers().T.reshape(1, 2, 23, 23)
    logits = soft_targets(colors).log()
    assert_close(annealed_mean(logits, 0.01), colors, rtol=0, atol=1e-4)
    inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    # Whole Gaussians have their mean in the middle; at the border of the grid a side is missing.
    assert_close(annealed_mean(logits, 1.0)[inside], colors[inside], rtol=0, atol=1e-3)


def test_annealing_goes_from_the_mean_to_the_likeliest_bin():
    logits = torch.randn(2, COUNT, 3, 4, dtype=torch.float64)
    middle = centers().double()
    mean = torch.einsum("bqhw,qc->bchw", logits.softmax(1), middle)
    assert_close(annealed_mean(logits, 1.0), mean)
    assert_close(annealed_mean(logits, 1e-4), middle[logits.argmax(1)].movedim(-1, 1))
    powers = logits.softmax(1) ** (1 / 0.38)
    expected = torch.einsum("bqhw,qc->bchw", powers / powers.sum(1, keepdim=True), middle)
    assert_close(annealed_mean(logits, 0.38), expected)


def test_weights_are_1_where_all_colours_are_as_frequent():
    uniform = torch.full((COUNT,), 1 / COUNT, dtype=torch.float64)
    assert_close(rebalancing(uniform), torch.ones_like(uniform))
    share = torch.rand(COUNT, dtype=torch.float64) ** 8
    assert_close(rebalancing(share / share.sum(), uniform=1.0), torch.ones_like(uniform))


def test_weights_are_those_of_the_formula_and_have_mean_1():
    share = torch.zeros(23, 23, dtype=torch.float64)
    share[8:15, 9:14] = torch.rand(7, 5, dtype=torch.float64)  # Away from the grid's border.
    share /= share.sum()
    smooth = gaussian_filter(share.numpy(), sigma=0.5, mode="constant")  # 5 in steps of 10.
    smooth = torch.from_numpy(smooth / smooth.sum()).flatten()
    expected = 1 / (0.5 * smooth + 0.5 / COUNT)
    weights = rebalancing(share.flatten())
    assert_close(weights, expected / (smooth * expected).sum(), rtol=1e-3, atol=0)
    assert weights[smooth.argmax()] == weights.min()


def test_what_it_cannot_do_is_refused_in_words():
    for options, expected in (
        ({"width": 1000}, "CIC expects width to be at most 512, got 1000."),
        ({"annealing": 0.0}, "CIC expects annealing to be a finite number above 0, got 0.0."),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
            CIC(**options)
    with pytest.raises(ValueError, match=r"content to be multiples of 8, got 16 x 12\.$"):
        trained_cic()(torch.rand(1, 3, 16, 12))
    for annealing in (0.0, -1.0, torch.nan, "0.4"):
        with pytest.raises(ValueError, match="annealed_mean expects annealing to be a finite numb"):
            annealed_mean(torch.zeros(1, COUNT, 1, 1), annealing)
    for uniform in (-0.1, 1.5, torch.nan):
        with pytest.raises(ValueError, match="rebalancing expects uniform to be "):
            rebalancing(torch.ones(COUNT), uniform)
