"""Colours against scikit-image."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import deltaE_cie76, lab2rgb, rgb2lab

from flowcolor.color import lab_to_rgb
from flowcolor.metrics import mean_color, mean_color_distance, nearer_to_own, rgb_to_lab


def reference_lab(image):
    return torch.from_numpy(rgb2lab(image.numpy(), channel_axis=1))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-4)])
def test_lab_is_that_of_scikit_image(dtype, tolerance):
    """On a grid over the cube with its corners, and close to black, where the curve is linear."""
    steps = torch.linspace(0, 1, 18, dtype=dtype)
    grid = torch.cartesian_prod(steps, steps, steps).T.reshape(1, 3, 18, -1)
    dark = torch.rand(1, 3, 60, 60, dtype=dtype) * 0.12  # Both bends of the curves are in here.
    for image in (grid, dark):
        found, expected = rgb_to_lab(image), reference_lab(image.double()).to(dtype)
        assert found.dtype == dtype
        torch.testing.assert_close(found, expected, rtol=0, atol=tolerance)


def test_colors_outside_the_range_are_clamped_and_nan_stays():
    image = torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)
    assert torch.equal(rgb_to_lab(image), rgb_to_lab(image.clamp(0, 1)))
    assert rgb_to_lab(image * math.nan).isnan().all()


def test_the_way_back_is_that_of_scikit_image_and_exact():
    image = torch.rand(2, 3, 40, 40, dtype=torch.float64)
    image[0] *= 0.1  # Both bends of the curves are in here.
    lab = rgb_to_lab(image)
    expected = torch.from_numpy(lab2rgb(lab.numpy(), channel_axis=1))
    torch.testing.assert_close(lab_to_rgb(lab), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(lab_to_rgb(lab), image, rtol=0, atol=1e-9)


def test_colours_that_no_screen_shows_are_not_clamped():
    lab = torch.tensor([[50.0, 90.0, -120.0], [20.0, -80.0, 60.0]]).view(2, 3, 1, 1)
    image = lab_to_rgb(lab)
    assert image.amax() > 1
    assert image.amin() < 0


def test_gradients_pass_there_and_back_also_near_black_and_end_at_black_itself():
    image = torch.tensor([0.0, 1e-9, 0.001, 0.5]).view(4, 1, 1, 1).expand(-1, 3, 2, 2).double()
    image = image.contiguous().requires_grad_()
    lab_to_rgb(rgb_to_lab(image)).sum().backward()
    assert image.grad[0].isfinite().all()  # Where colours are clamped.
    torch.testing.assert_close(image.grad[1:], torch.ones_like(image[1:]), rtol=0, atol=1e-5)


def test_half_precision_and_autocast_do_not_touch_the_formula():
    image = torch.rand(1, 3, 8, 8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = rgb_to_lab(image)
    assert torch.equal(found, rgb_to_lab(image.float()))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 5))
def test_the_mean_color_is_over_the_mask(seed, height, width):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(3, 3, height, width, generator=generator, dtype=torch.float64)
    mask = torch.rand(3, height, width, generator=generator) < 0.5
    mask[0], mask[1] = True, False
    found = mean_color(image.where(mask[:, None], torch.nan), mask)
    for i in range(3):
        inside = reference_lab(image)[i][:, mask[i]]
        torch.testing.assert_close(found[i], inside.mean(1), equal_nan=True, rtol=0, atol=1e-9)
    assert found[1].isnan().all()
    assert torch.equal(mean_color(image)[:1], found[:1])


def test_the_distance_of_flat_images_is_delta_e_of_their_colors():
    a, b = torch.rand(2, 4, 3, 1, 1, dtype=torch.float64)
    expected = deltaE_cie76(*(rgb2lab(x.numpy(), channel_axis=1) for x in (a, b)), channel_axis=1)
    found = mean_color_distance(a.expand(-1, -1, 5, 6), b.expand(-1, -1, 3, 3))
    torch.testing.assert_close(found, torch.from_numpy(expected).flatten(), rtol=1e-9, atol=0)


def test_each_mask_belongs_to_its_own_image():
    image, reference = torch.rand(2, 2, 3, 4, 4)
    mask, reference_mask = torch.rand(2, 2, 4, 4) < 0.5
    found = mean_color_distance(image, reference, mask, reference_mask)
    means = mean_color(image, mask) - mean_color(reference, reference_mask)
    torch.testing.assert_close(found, means.norm(dim=1))


def test_nearer_to_own_leaves_the_own_reference_out_of_the_others():
    # Results at 1, 1 and 9 on a line; references at 0, 3 and 10.
    colors, references = torch.zeros(2, 3, 3)
    colors[:, 0], references[:, 0] = torch.tensor([1.0, 1, 9]), torch.tensor([0.0, 3, 10])
    # Distances to the own and to the mean of the others: 1 and 5.5; 2 and 4; 1 and 7.5.
    assert nearer_to_own(colors, references).tolist() == [True, True, True]
    # 3 and 3.5, but 1.33 if the own were among the others; 0 and 2; 8 and 0.5.
    colors[:, 0] = torch.tensor([3.0, 3, 2])
    assert nearer_to_own(colors, references).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rgb_to_lab(torch.rand(3, 4, 4)), r"shape \(batch, 3, .* got \(3, 4, 4\)"),
        (lambda: rgb_to_lab(torch.rand(1, 1, 4, 4)), r"got \(1, 1, 4, 4\)"),
        (
            lambda: mean_color(torch.rand(2, 3, 4, 4), torch.ones(2, 4, 5) > 0),
            r"boolean tensor of shape \(2, 4, 4\), got torch.bool of shape \(2, 4, 5\)",
        ),
        (lambda: mean_color(torch.rand(2, 3, 4, 4), torch.ones(2, 4, 4)), "got torch.float32"),
        (lambda: nearer_to_own(torch.rand(1, 3), torch.rand(1, 3)), "at least two results"),
    ],
)
def test_impossible_arguments_are_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
