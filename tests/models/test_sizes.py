"""Parameters, against a count by hand and against the thesis."""

import re

import pytest
import torch

from flowcolor import models
from flowcolor.models import SketchColorFlow, conditional_coupling_block, coupling_block


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def conv(channels, out_channels, size):
    return (channels * size**2 + 1) * out_channels


def net(width):
    return 3 * conv(width, width, 3) + conv(width, width, 1)


def mlp(channels, out_channels):
    return conv(channels, 4 * channels, 1) + conv(4 * channels, out_channels, 1)


def nccb(channels):
    """ActNorm, the matrix, two networks."""
    return 2 * channels + channels**2 + 2 * net(channels // 2)


def ccb(channels):
    half = channels // 2
    return nccb(channels) + 3 * mlp(half, half) + mlp(channels, half)


def flow(downsamplings, nccbs, ccbs):
    total = ccbs * ccb(3 * 4**downsamplings)
    for level in range(downsamplings):
        rotations = 16 * 3 * 4**level
        total += rotations + nccbs * nccb(3 * 4 ** (level + 1))
    return total


@pytest.mark.parametrize(
    ("downsamplings", "nccbs", "parameters", "rounded"),
    [
        (2, 1, 1_083_792, "1.08 M"),  # thesis: 0.8 M; no reading of its text gives that
        (3, 1, 17_164_944, "17.16 M"),  # thesis: 17.1 M
        (4, 1, 273_919_632, "273.92 M"),  # thesis: 138.3 M; no reading
        (2, 8, 1_602_912, "1.60 M"),  # thesis: 1.2 M; no reading
        (3, 8, 25_441_632, "25.44 M"),  # thesis: 25.2 M
        (4, 8, 406_123_872, "406.12 M"),  # thesis: 310.0 M; no reading
    ],
)
def test_table_4_5(downsamplings, nccbs, parameters, rounded):
    with torch.device("meta"):
        model = SketchColorFlow(downsamplings, nccbs, ccbs=8)
    assert count(model) == 2 * flow(downsamplings, nccbs, 8) == parameters
    assert f"{parameters / 1e6:.2f} M" == rounded


def test_blocks_at_192_channels_have_the_parameters_of_the_specification():
    with torch.device("meta"):
        assert count(coupling_block(192)) == nccb(192) == 554_112
        assert count(conditional_coupling_block(192)) == ccb(192)
    assert round(ccb(192) - nccb(192), -2) == 444_700  # FAM


@pytest.mark.parametrize("name", [name for name in models.__all__ if name.startswith("flowcolor_")])
def test_named_sizes_have_the_parameters_that_they_document(name):
    build = getattr(models, name)
    with torch.device("meta"):
        model = build()
    figure, digits = re.search(r"(\d+\.(\d+)) M parameters", build.__doc__).groups()
    assert f"{count(model) / 1e6:.{len(digits)}f}" == figure


def test_base_is_the_size_of_the_thesis():
    with torch.device("meta"):
        model = models.flowcolor_base()
    assert count(model) == 17_164_944
    assert (model.config["downsamplings"], model.config["nccbs"], model.config["ccbs"]) == (3, 1, 8)
    assert model.multiple == 8


@pytest.mark.parametrize("build", [models.flowcolor_small, models.flowcolor_tiny])
def test_small_sizes_colour(build):
    model = build().eval()
    with torch.no_grad():
        assert model(*torch.rand(2, 1, 3, 16, 16)).shape == (1, 3, 16, 16)


@pytest.mark.parametrize("value", [2.5, True, float("nan"), "3", None])
@pytest.mark.parametrize("name", ["downsamplings", "nccbs", "ccbs"])
def test_sizes_that_are_no_whole_numbers_are_refused(name, value):
    with pytest.raises(ValueError, match=r"^SketchColorFlow expects .* to be whole numbers, got "):
        SketchColorFlow(**{"downsamplings": 1, "nccbs": 1, "ccbs": 1} | {name: value})
