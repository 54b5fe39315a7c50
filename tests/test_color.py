"""Colour spaces against closed forms, Pillow and colorsys."""

import colorsys
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.export import export
from torch.func import jvp, vmap
from torch.testing import assert_close

from flowcolor.color import (
    into_gamut,
    lab_to_rgb,
    rgb_to_lab,
    rgb_to_yuv,
    to_gray,
    turn_hue,
    yuv_to_rgb,
)
from flowcolor.hsi import hsi_to_rgb, rgb_to_hsi


def colors(count=500):
    """Return random colours, the corners of the cube, and greys, in float64."""
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    greys = torch.linspace(0, 1, 5)[:, None].expand(-1, 3)
    return torch.cat([torch.rand(count, 3), corners, greys]).double().T[None, :, None]


def test_yuv_has_an_exact_inverse():
    image = colors()
    assert_close(yuv_to_rgb(rgb_to_yuv(image)), image, rtol=0, atol=1e-12)


def test_yuv_is_that_of_jpeg():
    pixels = (colors() * 255).round()
    ours = 255 * rgb_to_yuv(pixels / 255) + torch.tensor([0.0, 128, 128])[:, None, None]
    picture = Image.fromarray(pixels[0].movedim(0, 2).byte().numpy()).convert("YCbCr")
    theirs = torch.from_numpy(np.array(picture)).movedim(2, 0)
    assert (ours[0].clamp(0, 255) - theirs).abs().max() <= 1


def test_the_hue_is_the_angle_of_the_formula():
    image = torch.rand(1, 3, 30, 30, dtype=torch.float64)
    red, green, blue = image[0]
    root = ((red - green) ** 2 + (red - blue) * (green - blue)).sqrt()
    theta = (((red - green) + (red - blue)) / (2 * root)).clamp(-1, 1).arccos()
    expected = torch.where(blue <= green, theta, 2 * math.pi - theta) / (2 * math.pi)
    assert_close(rgb_to_hsi(image)[0, 0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("sixth", range(6))
def test_primaries_and_secondaries_have_the_hues_of_colorsys(sixth):
    rgb = colorsys.hsv_to_rgb(sixth / 6, 1, 1)
    hue, saturation, intensity = rgb_to_hsi(torch.tensor(rgb).view(1, 3, 1, 1).double()).flatten()
    assert hue == pytest.approx(sixth / 6)
    assert saturation == 1
    assert intensity == pytest.approx(sum(rgb) / 3)


def test_hsi_runs_backwards_and_greys_have_no_hue():
    image = colors()
    hsi = rgb_to_hsi(image)
    assert_close(hsi_to_rgb(hsi), image, rtol=0, atol=1e-9)
    assert (hsi >= 0).all()
    assert (hsi[:, 0] < 1).all()
    assert (hsi[:, :2, :, -5:] == 0).all()


def test_colours_are_moved_into_the_gamut_at_their_own_luma_and_hue():
    image = 3 * torch.rand(1, 3, 20, 20, dtype=torch.float64) - 1
    fitting, luma = into_gamut(image), to_gray(image)
    assert fitting.amin() >= 0
    assert fitting.amax() <= 1
    assert_close(to_gray(fitting), luma.clamp(0, 1), rtol=0, atol=1e-12)
    inside = (luma > 0) & (luma < 1)
    away, before = fitting - to_gray(fitting), image - luma
    share = (away * before).sum(1, keepdim=True) / before.square().sum(1, keepdim=True)
    assert_close(away, torch.where(inside, share * before, away), rtol=0, atol=1e-12)
    # The largest share: where a colour was moved, one channel touches the border.
    moved = (share < 1 - 1e-9) & inside
    border = torch.minimum(fitting.amin(1, True), 1 - fitting.amax(1, True))
    assert (border[moved] < 1e-9).all()


def test_colours_that_fit_stay_as_they_are():
    image = colors().float()
    assert torch.equal(into_gamut(image), image)


EVERY = [
    to_gray,
    rgb_to_yuv,
    yuv_to_rgb,
    into_gamut,
    rgb_to_lab,
    lab_to_rgb,
    rgb_to_hsi,
    hsi_to_rgb,
]
every = pytest.mark.parametrize("convert", EVERY, ids=lambda f: f.__name__)


@every
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
def test_transforms_pass_through(convert):
    images = 0.1 + 0.8 * torch.rand(3, 3, 4, 4, dtype=torch.float64)
    assert_close(vmap(lambda image: convert(image[None])[0])(images), convert(images))
    step = 1e-6 * torch.randn_like(images)
    found = jvp(convert, (images,), (step,))[1]
    assert_close(found, (convert(images + step) - convert(images - step)) / 2, rtol=1e-4, atol=1e-9)


@every
@pytest.mark.compiled
def test_conversions_can_be_exported(convert):
    class Conversion(nn.Module):
        def forward(self, images):
            return convert(images)

    images = torch.rand(2, 3, 4, 4)
    assert_close(export(Conversion(), (images,)).module()(images), convert(images))


@every
def test_autocast_leaves_conversions_alone(convert):
    images = torch.rand(2, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(convert(images), convert(images).float())
        found = convert(images)
    assert torch.equal(found, convert(images))


@every
def test_other_shapes_are_refused_in_one_sentence(convert):
    with pytest.raises(ValueError, match=r"expects .*images of shape .* got .*\(2, 4, 8, 8\)\.$"):
        convert(torch.rand(2, 4, 8, 8))


@pytest.mark.parametrize(
    "turn", [None, 0.1, "x", [0.1], torch.tensor(1), torch.zeros(2), torch.zeros(3, 1, 1, 1)]
)
def test_turns_of_the_hue_that_are_none_are_refused(turn):
    images = torch.rand(2, 3, 4, 4)
    for good in (torch.tensor(0.1), torch.full((1, 1, 1, 1), 0.1), torch.full((2, 1, 1, 1), 0.1)):
        assert turn_hue(images, good).shape == images.shape
    with pytest.raises(ValueError, match=r"^turn_hue expects [^\n]*, got "):
        turn_hue(images, turn)
