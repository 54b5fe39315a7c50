"""What functions and methods of models cannot use is refused in one sentence."""

import math

import numpy as np
import pytest
import torch

from flowcolor.models import (
    CINN,
    FullGlow,
    Glow,
    GlowNet,
    PatchCritic,
    ResidualNet,
    SpectralCritic,
    Tint,
    bits_per_dim,
    dequantize,
    log_normal,
    transfer_covariance,
    transfer_mean_and_std,
)
from tests.models.helpers import trained_cinn

LATENT = torch.rand(1, 3, 4, 4)
NO_TENSORS = [None, "x", [LATENT], np.zeros((1, 3, 4, 4)), 3]


@pytest.mark.parametrize("value", NO_TENSORS, ids=lambda v: type(v).__name__)
def test_what_is_no_tensor_is_refused_by_functions(value):
    calls = [
        lambda: log_normal(value),
        lambda: dequantize(value),
        lambda: bits_per_dim(value, 12),
        *(
            lambda transfer=transfer, pair=pair: transfer(*pair)
            for transfer in (transfer_covariance, transfer_mean_and_std)
            for pair in ((value, LATENT), (LATENT, value))
        ),
        *(
            lambda network=network: network(value)
            for network in (
                ResidualNet(3, 3),
                GlowNet(3, 3, 2),
                SpectralCritic(2, 1),
                PatchCritic(3, 2, 1),
            )
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"^\w+ expects ((a )?(float )?tensor|tensors), got "):
            call()


@pytest.mark.parametrize("eps", [0, -1, math.nan, math.inf, "1", None])
def test_additions_to_variances_that_are_not_positive_are_refused(eps):
    for transfer in (transfer_covariance, transfer_mean_and_std):
        with pytest.raises(ValueError, match=rf"^{transfer.__name__} expects eps to be a finite"):
            transfer(LATENT, LATENT, eps)


@pytest.mark.parametrize("size", [None, 0, 2.5, "88", (8,), (8, -8), [8, 8.0], True])
def test_sizes_of_samples_that_are_no_sides_are_refused(size):
    for model in (Glow(1, 1, 2), FullGlow(1, 1, 2, pool=1)):
        model.eval().sample(1, size=8)
        with pytest.raises(ValueError, match="expects size to be a height and a width in pixels"):
            model.sample(1, size=size)


@pytest.mark.parametrize("generator", [3, 0, "x", [], np.random.default_rng(0)])
def test_other_sources_of_chance_are_refused(generator):
    gray = torch.rand(1, 1, 16, 16).expand(-1, 3, -1, -1)
    cinn: CINN = trained_cinn()
    for draw in (
        lambda: Glow(1, 1, 2).sample(1, size=8, generator=generator),
        lambda: FullGlow(1, 1, 2, pool=1).sample(1, size=8, generator=generator),
        lambda: dequantize(LATENT, generator=generator),
        lambda: cinn.eval().colorize(gray.repeat(1, 1, 2, 2), generator=generator),
    ):
        with pytest.raises(ValueError, match=r"expects generator to be of type torch.Generator"):
            draw()


@pytest.mark.parametrize("temperature", [torch.ones(2), np.ones((9, 9, 9)), torch.ones(1, 3, 8, 8)])
def test_temperatures_of_several_numbers_are_refused(temperature):
    image = torch.rand(2, 3, 8, 8)
    expected = r"^Tint expects temperature to be a number, got (Tensor|ndarray)\.$"
    with pytest.raises(ValueError, match=expected):
        Tint()(image, image, temperature=temperature)


@pytest.mark.parametrize("value", [None, 3, [], LATENT])
def test_folders_and_sizes_that_are_none_are_refused_before_anything_is_written(value, tmp_path):
    with pytest.raises(ValueError, match="save_pretrained expects folder to be a path, got "):
        Glow(1, 1, 2).save_pretrained(value)
    value = -1 if isinstance(value, int) else value
    with pytest.raises(ValueError, match="save_pretrained expects a size in pixels or 0, got "):
        Glow(1, 1, 2).save_pretrained(tmp_path / "model", size=value)
    assert not list(tmp_path.iterdir())
