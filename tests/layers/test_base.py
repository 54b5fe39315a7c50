"""The checks shared by all layers, and the sentences they raise."""

import re

import pytest
import torch

from flowcolor.layers import (
    ActNorm,
    AffineCoupling,
    HaarDownsample,
    InvertibleConv1x1,
    InvertibleLayer,
    OrthogonalDownsample,
    Squeeze,
)
from flowcolor.layers.base import to_float64
from flowcolor.values import widen

DIVISIBLE = "with height and width divisible by"
SIDES = "height and width divisible by 2"
IMAGE = "an input of shape (batch, {}, height, width) " + DIVISIBLE
REFUSED = [
    (ActNorm(3), "forward", (2, 1, 4, 4), "an input of shape (batch, 3, *spatial)"),
    (ActNorm(3), "inverse", (2, 1, 4, 4), "an input of shape (batch, 3, *spatial)"),
    (InvertibleConv1x1(3), "forward", (2, 4), "an input of shape (batch, 3, *spatial)"),
    (InvertibleConv1x1(3), "inverse", (2, 4), "an input of shape (batch, 3, *spatial)"),
    (
        AffineCoupling(torch.nn.Identity()),
        "forward",
        (2, 1, 4, 4),
        "an input of shape (batch, channels, *spatial) with at least 2 channels",
    ),
    (Squeeze(), "forward", (2, 3, 4, 5), IMAGE.format("channels") + " 2"),
    (Squeeze(), "forward", (2, 3, 5, 4), IMAGE.format("channels") + " 2"),
    (Squeeze(), "forward", (3, 4, 4), IMAGE.format("channels") + " 2"),
    (Squeeze(), "inverse", (2, 6, 4, 4), "a latent of shape (batch, 4*channels, height, width)"),
    (
        Squeeze(dims=1),
        "forward",
        (2, 3, 5),
        "an input of shape (batch, channels, length) with length divisible by 2",
    ),
    (
        Squeeze(dims=3),
        "forward",
        (2, 3, 4, 4),
        "an input of shape (batch, channels, depth, height, width) with depth, " + SIDES,
    ),
    (HaarDownsample(3, dims=1), "inverse", (2, 3, 4), "a latent of shape (batch, 6, length)"),
    (HaarDownsample(3), "forward", (2, 1, 4, 4), IMAGE.format("3") + " 2"),
    (HaarDownsample(3), "inverse", (2, 4, 4, 4), "a latent of shape (batch, 12, height, width)"),
    (OrthogonalDownsample(3, 3), "forward", (2, 3, 4, 3), IMAGE.format("3") + " 3"),
    (
        OrthogonalDownsample(3, 3, shared=True),
        "inverse",
        (2, 12, 4, 4),
        "a latent of shape (batch, 27, height, width)",
    ),
    (
        OrthogonalDownsample(3),
        "inverse",
        (12, 4, 4),
        "a latent of shape (batch, 12, height, width)",
    ),
]


@pytest.mark.parametrize(("layer", "direction", "shape", "expected"), REFUSED)
def test_wrong_shapes_are_refused_in_words(layer, direction, shape, expected):
    sentence = f"{type(layer).__name__} expects {expected}, got {shape}."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        getattr(layer, direction)(torch.zeros(shape))


@pytest.mark.parametrize(
    "layer", [ActNorm(3), InvertibleConv1x1(3), AffineCoupling(torch.nn.Identity())]
)
def test_inputs_without_a_channel_axis_are_refused(layer):
    with pytest.raises((ValueError, TypeError), match=r"expects an input|Type-check"):
        layer(torch.zeros(3))


def test_contract_cannot_be_instantiated():
    with pytest.raises(TypeError, match="abstract"):
        InvertibleLayer()


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_widen_never_narrows(dtype, wide):
    x = torch.ones(2, dtype=dtype)
    assert widen(x).dtype == wide
    assert to_float64(x).dtype == torch.float64
