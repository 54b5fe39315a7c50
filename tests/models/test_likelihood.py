"""Bytes made continuous, and densities in bits, against their formulas."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal
from torch.testing import assert_close

from flowcolor.models import Glow, bits_per_dim, dequantize, log_normal


@pytest.mark.parametrize("bits", [1, 5, 8])
def test_dequantised_bytes_lie_in_their_bins(bits):
    levels = torch.arange(256.0)
    values = dequantize((levels / 255).expand(200, -1), bits)
    assert ((values >= 0) & (values < 1)).all()
    bins = (values * 2**bits).floor()
    assert torch.equal(bins, (levels // 2 ** (8 - bits)).expand(200, -1))
    inside = (values * 2**bits - bins).flatten()  # Uniform: mean 1/2 and variance 1/12.
    assert abs(inside.mean() - 0.5) < 0.01
    assert abs(inside.var() - 1 / 12) < 0.01


def test_floats_between_bytes_are_rounded_first():
    images = (torch.arange(256.0) + 0.4) / 255
    assert torch.equal((dequantize(images) * 256).floor(), torch.arange(256.0))


def test_values_that_are_not_finite_are_no_bytes():
    values = dequantize(torch.tensor([math.nan, math.inf, -math.inf, 0.5]))
    assert values.isnan().tolist() == [True, True, True, False]


def test_the_same_seed_gives_the_same_noise():
    images = torch.rand(2, 3, 4, 4)
    one, two = (dequantize(images, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, two)


@pytest.mark.parametrize("bits", [5, 8])
def test_a_density_that_is_even_over_all_images_needs_every_bit(bits):
    assert_close(bits_per_dim(torch.zeros(2), 48, bits), torch.full([2], float(bits)))


def test_bits_are_those_of_the_formula():
    z, logdet = torch.randn(2, 3, 4, 5, dtype=torch.float64), torch.randn(2).double()
    log_prob = log_normal(z) + logdet
    assert_close(log_normal(z), Normal(0.0, 1.0).log_prob(z).sum((1, 2, 3)))
    energy = 0.5 * z.square().sum((1, 2, 3)) + 30 * math.log(2 * math.pi)
    expected = (energy - logdet + 60 * math.log(256)) / (60 * math.log(2))
    assert_close(bits_per_dim(log_prob, 60), expected)


@pytest.mark.parametrize("bits", [np.int64(5), np.uint8(8)])
def test_bits_that_are_whole_numbers_of_numpy_are_not_refused(bits):
    found, expected = (
        dequantize(torch.linspace(0, 1, 9), n, torch.Generator().manual_seed(0))
        for n in (bits, int(bits))
    )
    assert torch.equal(found, expected)
    assert torch.equal(
        bits_per_dim(torch.ones(2), 12, bits), bits_per_dim(torch.ones(2), 12, int(bits))
    )


@pytest.mark.parametrize("bits", [0, 9, 5.0, True])
def test_bits_that_a_byte_has_not_are_refused(bits):
    with pytest.raises(ValueError, match=r"^dequantize expects bits to be a whole number from 1"):
        dequantize(torch.rand(2), bits)


@pytest.mark.parametrize("wrong", [lambda x: 255 * x, lambda x: 2 * x - 1])
def test_images_of_another_range_are_refused(wrong):
    """Clamped, they would be other pictures, of another density."""
    images = wrong(torch.linspace(0, 1, 3 * 8 * 8).view(1, 3, 8, 8))
    for measure in (dequantize, Glow(1, 1, 4).bits):
        with pytest.raises(ValueError, match=r"^\w+ expects images with values in \[0, 1\], got"):
            measure(*[images] * (1 if measure is dequantize else 2))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
def test_bytes_are_not_taken_for_values_up_to_one(dtype):
    with pytest.raises(ValueError, match=r"dequantize expects float images .* got torch\."):
        dequantize(torch.ones(1, 3, 2, 2, dtype=dtype))


@pytest.mark.parametrize("count", [0, -1, 2.5, True, float("nan"), "3"])
def test_numbers_of_values_that_are_not_whole_are_refused(count):
    with pytest.raises(ValueError, match=r"bits_per_dim expects count to be a whole number of"):
        bits_per_dim(torch.zeros(2), count)


@pytest.mark.parametrize("z", [torch.ones(3), torch.tensor(1.0)])
def test_latents_that_are_no_batch_are_refused(z):
    with pytest.raises(ValueError, match=r"^log_normal expects a batch, \(batch, \.\.\.\), got a"):
        log_normal(z)


def test_more_values_than_a_float_counts_are_refused():
    for count in (2**63, 10**400):
        with pytest.raises(ValueError, match=r"^bits_per_dim expects count .* up to 64 bits"):
            bits_per_dim(torch.zeros(2), count)
