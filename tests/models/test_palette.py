"""Palette against its published size, the best denoiser of a Gaussian, and its own chance."""

import math
import re

import pytest
import torch
from torch.func import grad, vmap
from torch.nn.functional import interpolate
from torch.testing import assert_close
from torch.utils.flop_counter import FlopCounterMode

from flowcolor.models import Palette
from flowcolor.models.diffusion import even_levels, sample, signal_levels
from flowcolor.models.noise_blocks import NoiseAttention, NoiseBlock, embed_log_snr
from flowcolor.models.sample_noise import SampleNoise
from tests.models.helpers import images, trained_palette

PUBLISHED = signal_levels(1000, 1e-4, 0.09).flip(0).tolist()
MEAN, DEVIATION = 0.3, 0.4
FACTORS = "1 to 10 whole numbers of at least 1"


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_parameters_are_those_of_the_published_sizes():
    with torch.device("meta"):
        # 552,814,086 of the network that it is built from: six channels in, not out.
        assert count(Palette()) == 552_814_086 + 3 * 256 * 9 - 3 * (256 * 9 + 1)
        public = Palette(64, [1, 2, 4, 8], attention=[], head_width=32)
        assert round(count(public) / 1e6, 2) == 62.64
        small = {"factors": [1, 2, 4], "attention": [2], "head_width": 32, "unshuffle": 2}
        assert round(count(Palette(32, with_reference=True, **small)) / 1e6, 1) == 4.4


def test_a_step_takes_the_multiplications_of_the_published_sizes():
    for options, expected in (
        ({}, 1120),
        ({"width": 64, "factors": [1, 2, 4, 8], "attention": [], "head_width": 32}, 206.6),
    ):
        with torch.device("meta"), FlopCounterMode(display=False) as flops:
            Palette(**options).net(torch.empty(1, 6, 256, 256), torch.empty(1))
        assert flops.get_total_flops() / 2e9 == pytest.approx(expected, rel=5e-4)


def test_the_signal_only_fades_and_ends_where_it_is_published():
    training = signal_levels(2000, 1e-6, 0.01)
    assert (training.diff() < 0).all()
    assert float(training[-1]) == pytest.approx(4.4e-5, rel=0.01)
    assert PUBLISHED[0] == pytest.approx(6.6e-21, rel=0.01)
    assert PUBLISHED[-1] == pytest.approx(1 - 1e-4)
    decades = [math.log10(g / (1 - g)) for g in even_levels(50)]
    assert_close(torch.tensor(decades), torch.linspace(-4.3, 4, 50))


def best_of_a_gaussian(y, g):
    """The noise to expect in y where what is below is normal."""
    share = g * DEVIATION**2 + 1 - g
    return math.sqrt(1 - g) * (y - math.sqrt(g) * MEAN) / share


# Deviations of 0.4 with few steps: too small if noise is removed, too large if it is added.
@pytest.mark.parametrize(
    ("sampler", "levels", "expected"),
    [
        ("ancestral", PUBLISHED, 0.400),
        ("posterior", PUBLISHED, 0.394),
        ("ddim", even_levels(10), 0.307),
        ("ddim", even_levels(20), 0.354),
        ("ddim", even_levels(50), 0.380),
        ("ddim", even_levels(100), 0.390),
        ("ddim", PUBLISHED[::20], 0.347),  # Strided in steps, it loses more than evenly spaced.
        ("posterior", even_levels(10), 0.258),
        ("posterior", even_levels(20), 0.318),
        ("posterior", even_levels(100), 0.381),
        ("ancestral", even_levels(10), 0.534),
        ("ancestral", even_levels(20), 0.460),
        ("ancestral", even_levels(100), 0.411),
    ],
)
def test_with_the_best_denoiser_samples_have_the_distribution_of_the_data(
    sampler, levels, expected
):
    def noise():
        return torch.randn(50_000, dtype=torch.float64)

    found = sample(best_of_a_gaussian, levels, noise, sampler, clip=False)
    assert float(found.mean()) == pytest.approx(MEAN, abs=0.008)
    assert float(found.std()) == pytest.approx(expected, abs=0.005)


def test_a_step_of_the_posterior_is_that_of_bayes():
    """Products of two normal densities: that of y' before y was seen, and that of y given y'."""
    y, clean, g, after = torch.tensor([0.7], dtype=torch.float64), 0.2, 0.3, 0.6
    alpha = g / after
    prior = math.sqrt(after) * clean, 1 - after
    precision = 1 / prior[1] + alpha / (1 - alpha)
    mean = (prior[0] / prior[1] + math.sqrt(alpha) * float(y) / (1 - alpha)) / precision
    drawn = []

    def noise():
        drawn.append(1.0)
        return y if len(drawn) == 1 else torch.ones(1, dtype=torch.float64)

    seen = []

    def predict(x, level):
        seen.append(x)
        return (x - math.sqrt(level) * clean) / math.sqrt(1 - level)

    sample(predict, [g, after], noise, "posterior")
    assert_close(seen[1], torch.full_like(y, mean + precision**-0.5))


@pytest.mark.parametrize(("t", "before"), [(5, 4), (5, 2), (2, 1)])
@pytest.mark.parametrize("sampler", ["ancestral", "ddim"])
def test_a_step_is_that_of_its_paper(sampler, t, before):
    """DDPM, equation 7 with the variance beta, and DDIM, equation 12 with eta 0."""
    betas = [0.02, 0.1, 0.15, 0.3, 0.4]
    bar, bar_before = (math.prod(1 - b for b in betas[:n]) for n in (t, before))
    alpha = math.prod(1 - b for b in betas[before:t])  # Of one step, or of several in one.
    beta = 1 - alpha
    torch.manual_seed(0)
    x, epsilon, z = torch.randn(3, 100, dtype=torch.float64)
    x0 = (x - (1 - bar) ** 0.5 * epsilon) / bar**0.5
    if sampler == "ancestral":
        mean = bar_before**0.5 * beta / (1 - bar) * x0
        mean = mean + alpha**0.5 * (1 - bar_before) / (1 - bar) * x
        expected = mean + beta**0.5 * z
    else:
        expected = bar_before**0.5 * x0 + (1 - bar_before) ** 0.5 * epsilon
    noises, seen = iter([x, z]), []

    def predict(y, level):
        seen.append(y)
        return epsilon

    sample(predict, [bar, bar_before], lambda: next(noises), sampler, clip=False)
    assert_close(seen[1], expected, rtol=0, atol=1e-12)


def test_levels_are_told_apart_all_the_way():
    ratios = torch.linspace(-10, 10, 41)
    steps = embed_log_snr(ratios, 64).diff(dim=0).norm(dim=1)
    assert float(steps.min()) > 0.5 * float(steps.max())


def test_a_block_is_that_of_its_formula():
    torch.manual_seed(0)
    block = NoiseBlock(4, 8, 6, move="down").double()
    x, condition = torch.randn(2, 4, 8, 8).double(), torch.randn(2, 6).double()
    torch.nn.init.normal_(block.conv_2.weight)

    def norm(h):  # One group of four channels, two of eight.
        groups = h.unflatten(1, (-1, 4))
        centred = groups - groups.mean((2, 3, 4), keepdim=True)
        return (centred / (centred.square().mean((2, 3, 4), keepdim=True) + 1e-5).sqrt()).flatten(
            1, 2
        )

    def act(h):
        return h * h.sigmoid()

    def half(h):
        return interpolate(h, scale_factor=0.5, mode="area")

    scale, shift = block.affine(act(condition))[..., None, None].split(8, 1)
    h = norm(block.conv_1(half(act(norm(x)))))
    expected = block.shortcut(half(x)) + block.conv_2(act(h + scale * h + shift))
    assert_close(block(x, condition), expected)


def test_attention_is_that_of_its_formula():
    torch.manual_seed(0)
    layer, x = NoiseAttention(8, 4).double(), torch.randn(2, 8, 3, 2).double()
    torch.nn.init.normal_(layer.joined.weight)
    q, k, v = layer.seen(layer.norm(x)).flatten(2).split(8, 1)
    heads = []
    for a in (slice(0, 4), slice(4, 8)):
        weights = torch.einsum("bcn,bcm->bnm", q[:, a], k[:, a]).div(2).softmax(2)
        heads.append(torch.einsum("bnm,bcm->bcn", weights, v[:, a]))
    assert_close(layer(x), x + layer.joined(torch.cat(heads, 1).view_as(x)))


def test_noise_is_of_the_seed_and_of_the_place_in_the_batch_alone():
    like = torch.zeros(3, 2, 4, 4)
    drawn = SampleNoise(like, torch.Generator().manual_seed(1))
    first, second = drawn(), drawn()
    assert torch.unique(torch.cat([first, second]).flatten(1), dim=0).shape[0] == 6
    for number in (1, 2):
        again = SampleNoise(like[:number], torch.Generator().manual_seed(1))
        assert torch.equal(again(), first[:number])
        assert torch.equal(again(), second[:number])


def test_another_seed_is_another_picture_and_temperature_0_none():
    model, content = trained_palette(sampler="ddim"), images(side=8)[0]

    def draw(seed, **options):
        return model(content, generator=torch.Generator().manual_seed(seed), **options)

    assert torch.equal(draw(1), draw(1))
    assert not torch.allclose(draw(1), draw(2), atol=1e-3)
    assert torch.equal(draw(1, temperature=0.0), draw(2, temperature=0.0))
    assert torch.equal(model(content), model(content))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"width": 6}, "Palette expects width to be a multiple of 4, got 6."),
        ({"dropout": 1.0}, "Palette expects dropout below 1, got 1."),
        ({"steps": 0}, "Palette expects steps to be a whole number of at least 1, got 0."),
        ({"attention": [6]}, "Palette expects attention to be levels from 0 to 5, got [6]."),
        ({"attention": [0.5]}, "Palette expects attention to be levels from 0 to 5, got [0.5]."),
        ({"attention": 3}, "Palette expects attention to be levels from 0 to 5, got 3."),
        ({"attention": ""}, "Palette expects attention to be levels from 0 to 5, got ''."),
        ({"factors": 3}, f"Palette expects factors to be {FACTORS}, got 3."),
        ({"factors": [1, 1.5]}, f"Palette expects factors to be {FACTORS}, got [1, 1.5]."),
        (
            {"steps": 10**9},
            "Palette expects steps up to 2000, as many as its training has, got 1000000000.",
        ),
        (
            {"head_width": 48},
            "Palette expects head_width to divide the 512 channels of level 3, got 48.",
        ),
        (
            {"width": 4000},
            (
                "Palette expects width, factors and blocks that give up to 4 billion parameters, "
                "got 4000, (1, 1, 2, 2, 4, 4) and 2."
            ),
        ),
    ],
)
def test_sizes_that_cannot_be_built_are_refused_in_words(options, expected):
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Palette(**options)


def test_what_it_cannot_do_is_refused_in_words():
    model, content = trained_palette(), images()[0]
    with pytest.raises(ValueError, match=r"content to be multiples of 2, got 16 x 9\.$"):
        model(content[..., :9])
    reference = trained_palette(with_reference=True)
    with pytest.raises(ValueError, match=r"same shape, got \(2, 3, 16, 16\) and \(2, 3, 8, 8\)"):
        reference(content, content[..., :8, :8])


def test_streams_of_a_generator_in_vmap_are_the_same_for_all_or_refused():
    images, generator = torch.zeros(3, 2, 4, 4), torch.Generator()

    def draw(image):
        return SampleNoise(image[None], generator.manual_seed(1))()[0] + image

    alone = draw(images[0])
    assert torch.equal(vmap(draw, randomness="same")(images), alone.expand_as(images))
    slope = grad(lambda image: draw(image).sum())
    for function in (draw, slope):
        with pytest.raises(ValueError, match=r"expects vmap with randomness='same', got 'diff"):
            vmap(function, randomness="different")(images)
