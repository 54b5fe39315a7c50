"""Coefficients of content and reference, mixed by weights."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate, pad
from torch.testing import assert_close

from flowcolor.color import rgb_to_yuv, to_gray
from flowcolor.models import LUT, Wavelet

HARD = [0.0, 1.0, 1.0, 1.0]
SOFT = [0.0, 0.3, 0.6, 0.9]
sizes = pytest.mark.parametrize("size", [(32, 32), (24, 40), (19, 13), (1, 5)])


def pair(height=32, width=32):
    images = torch.rand(2, 1, 3, height, width, dtype=torch.float64)
    return to_gray(images[0]).expand(-1, 3, -1, -1), images[1]


def assert_near(found, expected):
    assert_close(found, expected, rtol=0, atol=1e-12)


@sizes
@pytest.mark.parametrize("space", ["rgb", "uv"])
def test_ones_are_the_content_and_zeros_the_reference(size, space):
    content, photo = pair(*size)
    assert_near(Wavelet([1.0] * 4, space).colorize(content, photo), content)
    result = Wavelet([0.0] * 4, space).colorize(content, photo)
    if space == "rgb":
        assert_near(result, photo)
    else:
        assert_near(to_gray(result), to_gray(content))
        assert_near(rgb_to_yuv(result)[:, 1:], rgb_to_yuv(photo)[:, 1:])


@sizes
@pytest.mark.parametrize("weights", [HARD, SOFT, [0.5]])
def test_of_two_equal_pictures_any_mixture_is_the_same(size, weights):
    _, photo = pair(*size)
    assert_near(Wavelet(weights).colorize(photo, photo), photo)


def test_hard_weights_give_each_square_the_mean_of_the_reference():
    content, photo = pair()
    result = Wavelet(HARD).colorize(content, photo)
    assert_near(avg_pool2d(result, 8), avg_pool2d(photo, 8))

    def details(image):
        return image - interpolate(avg_pool2d(image, 8), scale_factor=8)

    assert_near(details(result), details(content))


def test_each_weight_belongs_to_its_level():
    content, photo = pair(8, 8)
    for index in range(4):
        weights = [1.0] * 4
        weights[index] = 0.0
        change = Wavelet(weights).colorize(content, photo) - content
        # What changed has one resolution: constant in squares of it, without a mean in the next.
        side = 8 if index == 0 else 8 // 2 ** (index - 1)
        coarse = interpolate(avg_pool2d(change, side), scale_factor=side)
        fine = change if index == 0 else change - coarse
        square = side if index == 0 else side // 2
        assert_near(interpolate(avg_pool2d(fine, square), scale_factor=square), fine)
        assert fine.abs().max() > 0.01
        if index:
            assert_near(coarse, torch.zeros_like(coarse))


def test_what_each_weight_takes_is_at_right_angles_to_the_rest():
    content, photo = pair(8, 8)
    parts = []
    for index in range(4):
        weights = [1.0] * 4
        weights[index] = 0.0
        parts.append(Wavelet(weights).colorize(content, photo) - content)
    flat = torch.stack(parts).flatten(1)
    energies = flat.square().sum(1)
    assert_near(flat @ flat.T, torch.diag(energies))
    assert_near(
        energies.sum(), (photo - content).square().sum()
    )  # None is lost, none is counted twice.


def test_sides_that_no_power_of_two_divides_are_reflected_first():
    content, photo = pair(13, 19)
    whole = [pad(image, (0, 5, 0, 3), mode="reflect") for image in (content, photo)]
    assert_near(
        Wavelet(SOFT).colorize(content, photo), Wavelet(SOFT).colorize(*whole)[..., :13, :19]
    )


def test_it_is_linear_in_both_pictures():
    (content, photo), (other, second) = pair(), pair()
    model = Wavelet(SOFT)
    total = model.colorize(0.3 * content + 0.7 * other, 0.3 * photo + 0.7 * second)
    parts = 0.3 * model.colorize(content, photo) + 0.7 * model.colorize(other, second)
    assert_near(total, parts)


def test_a_small_picture_leaves_the_finest_weights_out():
    content, photo = pair(8, 8)
    long = Wavelet([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).colorize(content, photo)
    assert_near(long, Wavelet([0.1, 0.2, 0.3, 0.4]).colorize(content, photo))


def test_what_comes_first_changes_the_content():
    content, photo = pair()
    matched = LUT().colorize(content, photo)
    assert_near(
        Wavelet(SOFT, match_first=True).colorize(content, photo),
        Wavelet(SOFT).colorize(matched, photo),
    )
    mean = content.mean((2, 3), keepdim=True)
    strong = (mean + 1.5 * (content - mean)).clamp(0, 1)
    assert_near(
        Wavelet(SOFT, contrast=1.5).colorize(content, photo),
        Wavelet(SOFT).colorize(strong, photo),
    )


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, True),
        ({"space": "rgb"}, False),
        ({"contrast": 2.0}, False),
        ({"match_first": True}, False),
    ],
)
def test_mixing_the_chroma_alone_keeps_the_luma_of_a_content_that_is_taken_as_it_is(options, kept):
    content, photo = pair()
    model = Wavelet(SOFT, **{"space": "uv"} | options)
    assert model.keeps_luminance == kept
    assert torch.allclose(to_gray(model.colorize(content, photo)), to_gray(content)) == kept


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"weights": []}, r"Wavelet expects weights to be one or more numbers in \[0, 1\], got "),
        ({"weights": [0, 1.5]}, r"Wavelet expects weights to be .*, got \[0, 1.5\]\."),
        ({"space": "yuv"}, r"Wavelet expects space to be one of \['rgb', 'uv'\], got 'yuv'\."),
        ({"contrast": -1.0}, r"Wavelet expects contrast to be a finite number of at least 0, got"),
    ],
)
def test_wrong_options_are_refused_in_one_sentence(wrong, expected):
    with pytest.raises(ValueError, match=expected):
        Wavelet(**wrong)


@pytest.mark.parametrize("space", ["rgb", "uv"])
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_references_of_half_precision_and_another_size_are_taken(kind, space):
    content, reference = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 6, 10).to(kind)
    model = Wavelet(space=space)
    assert_close(model(content, reference), model(content, reference.float()))
    assert model(content.to(kind), reference).dtype == kind
