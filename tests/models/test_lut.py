"""Distributions that are handed over by look-up tables."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from flowcolor.color import rgb_to_yuv, to_gray
from flowcolor.models import LUT, Wavelet
from flowcolor.models.level_tables import look_up, stretched

spaces = pytest.mark.parametrize("space", ["rgb", "rgb_then_yuv"])


def photo(height=24, width=20, low=0, high=256):
    return torch.randint(low, high, (1, 3, height, width)).float() / 255


def gray(image):
    return image[:, :1].expand(-1, 3, -1, -1).contiguous()


def cumulative(levels):
    counts = np.bincount(np.round(255 * levels.double().numpy()).astype(int).ravel(), minlength=256)
    return counts.cumsum() / counts.sum()


@pytest.mark.parametrize("interpolate", [False, True])
def test_a_photograph_is_its_own_match(interpolate):
    image = photo()
    assert_close(LUT(interpolate=interpolate).colorize(image, image), image, rtol=0, atol=1e-6)


def test_two_levels_become_the_two_of_the_reference():
    content, reference = torch.zeros(1, 3, 2, 4), torch.full((1, 3, 2, 4), 10 / 255)
    content[..., 3:] = 1  # A quarter is white.
    reference[..., 3:] = 200 / 255
    assert torch.equal(LUT().colorize(content, reference), reference)


def test_the_table_is_that_of_the_definition():
    own, lent = torch.randint(0, 50, (300,)).float(), torch.randint(0, 256, (77,)).float()
    h, g = (np.bincount(x.long(), minlength=256).cumsum() for x in (own, lent))
    expected = [next(j for j in range(256) if g[j] * 300 >= h[int(level)] * 77) for level in own]
    assert look_up(own, own, lent).tolist() == expected


def test_the_distribution_is_that_of_the_reference_within_one_level_of_the_content():
    for _ in range(50):
        low = int(torch.randint(0, 200, ()))
        content, reference = photo(low=low, high=low + 40), photo(17, 9)
        result = LUT().colorize(content, reference)
        for channel in range(3):
            found, wanted = (cumulative(x[0, channel]) for x in (result, reference))
            step = np.diff(cumulative(content[0, channel]), prepend=0).max()
            assert (found <= wanted + 1e-12).all()
            assert (found >= wanted - step - 1e-12).all()


@spaces
def test_brighter_stays_brighter_and_places_do_not_count(space):
    content, reference = photo(), photo()
    result = LUT(space).colorize(content, reference)
    order = torch.randperm(24 * 20)
    mixed = content.flatten(2)[..., order].view_as(content)
    assert torch.equal(
        LUT(space).colorize(mixed, reference).flatten(2), result.flatten(2)[..., order]
    )
    if space == "rgb":
        red = content[0, 0].flatten().sort().indices
        assert (result[0, 0].flatten()[red].diff() >= 0).all()


def test_the_letter_moves_away_from_the_reference():
    content, reference = 0.5 + 0.2 * photo(), 0.6 * photo()

    def distance(image):
        pairs = zip(image[0], reference[0], strict=True)
        return max(np.abs(cumulative(a) - cumulative(b)).max() for a, b in pairs)

    right = distance(LUT().colorize(content, reference))
    letter = distance(LUT(letter=True).colorize(content, reference))
    assert right < 0.1 < distance(content) < letter


def test_grey_becomes_at_most_one_colour_for_each_level():
    content, reference = gray(photo(64, 64)), photo(64, 64)
    colors = torch.unique(LUT().colorize(content, reference)[0].flatten(1), dim=1)
    assert colors.shape[1] <= torch.unique(content).numel()
    yuv = LUT("rgb_then_yuv").colorize(content, reference)
    assert yuv.amin() >= 0
    assert yuv.amax() <= 1


def test_matching_in_yuv_matches_the_chroma_of_content_in_colour():
    content, reference = 0.3 + 0.3 * photo(), 0.4 + 0.2 * photo()
    result = LUT("yuv", gamut="clip").colorize(content, reference)
    found, wanted = (rgb_to_yuv(x) for x in (result, reference))
    assert_close(found.mean((2, 3)), wanted.mean((2, 3)), rtol=0, atol=0.01)
    assert_close(found.std((2, 3)), wanted.std((2, 3)), rtol=0, atol=0.01)


def test_rgb_then_yuv_is_one_after_the_other():
    content, reference = gray(photo()), photo()
    first = LUT("rgb").colorize(content, reference)
    expected = LUT("yuv").colorize(first, reference)
    assert torch.equal(LUT("rgb_then_yuv").colorize(content, reference), expected)
    assert not torch.allclose(expected, first, atol=0.02)


def test_by_default_colours_are_brought_into_the_gamut_at_the_luma_that_was_matched():
    content, reference = 0.9 * gray(photo(64, 64)) + 0.1 * photo(64, 64), photo(64, 64)
    lumas = [(255 * to_gray(image)).round() for image in (content, reference)]
    expected = look_up(lumas[0], *(luma.flatten() for luma in lumas)) / 255
    shown = {
        name: LUT("yuv", gamut=name).colorize(content, reference) for name in ("chroma", "clip")
    }
    assert_close(to_gray(shown["chroma"]), expected, rtol=0, atol=1e-5)
    assert (to_gray(shown["clip"]) - expected).abs().max() > 0.02
    for image in shown.values():
        assert image.amin() >= 0
        assert image.amax() <= 1


def test_grey_has_no_chroma_to_match():
    with pytest.raises(ValueError, match=r"^LUT expects content in colour for space='yuv', got gr"):
        LUT("yuv").colorize(gray(photo()), photo())


def test_pixels_on_edges_are_left_out_of_the_distributions():
    content = torch.full((1, 3, 20, 20), 0.2)
    content[..., 10:, :] = 0.8
    reference = content.clone()
    reference[..., 9, :] = 1.0  # A bright line along the edge.
    plain, inner = (LUT(edges=edges).colorize(content, reference) for edges in (None, 0.5))
    assert (plain == 1).any()
    assert not (inner == 1).any()
    with pytest.raises(ValueError, match=r"LUT expects edges to leave pixels to count, got 0,"):
        LUT(edges=0.0).colorize(content, reference)


@pytest.mark.parametrize("edges", [0.5, 0.1, 0.01])
def test_flat_areas_have_no_edges_however_bright(edges):
    content = torch.full((1, 3, 20, 20), 0.2)
    content[..., 10:, :] = 0.8
    assert_close(LUT(edges=edges).colorize(content, content), content, rtol=0, atol=1e-6)


def test_whole_numbers_of_more_than_64_bits_are_not_refused():
    content, reference = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    many, plain = (LUT(edges=edges).colorize(content, reference) for edges in (10**30, None))
    assert torch.equal(many, plain)


def test_the_letter_of_the_range_stretches_and_forgets_blue():
    image = torch.tensor([[-10.0, 300], [0, 200], [5, 400]]).view(1, 3, 1, 2)
    expected = torch.tensor([[0.0, 256], [0, 200], [5, 400]]).view(1, 3, 1, 2)
    assert_close(stretched(image), expected)
    letter = LUT("rgb_then_yuv", gamut="letter").colorize(gray(photo()), photo())
    assert not torch.equal(letter, LUT("rgb_then_yuv").colorize(gray(photo()), photo()))


def test_between_levels_it_is_within_a_level_of_the_table():
    content, reference = photo(64, 64), photo(64, 64) ** 2
    exact, between = (LUT(interpolate=on).colorize(content, reference) for on in (False, True))
    assert (exact - between).abs().mean() < 1.5 / 255


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # By torch itself.
def test_numbers_between_levels_are_refused_to_forward_mode_which_numpy_does_not_know():
    content, reference = torch.rand(2, 1, 3, 8, 8)
    model = LUT(interpolate=True)
    with pytest.raises(ValueError, match=r"^LUT with interpolate expects .* outside of transforms"):
        torch.func.jvp(lambda x: model(x, reference), (content,), (content,))
    with pytest.raises(ValueError, match=r"^LUT looks at values and expects a batch instead of v"):
        torch.func.vmap(lambda x: Wavelet(match_first=True)(x[None], reference))(content)
