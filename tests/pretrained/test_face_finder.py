"""Finding faces: gradients in closed form, the places of two known faces, and moving with them."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.data import astronaut, lbp_frontal_face_cascade_filename
from skimage.feature import Cascade

from flowcolor.data import GradientLines
from flowcolor.io.resizing import resize
from flowcolor.pretrained import face_finder
from flowcolor.pretrained.face_finder import (
    BINS,
    filters,
    find_face,
    oriented_gradients,
)


def photo():
    return torch.from_numpy(astronaut().copy()).permute(2, 0, 1).float() / 255


def lines(image):
    return GradientLines()(image, (image.shape[1], image.shape[2])).expand(3, -1, -1)


@given(st.floats(0, math.pi, exclude_max=True), st.floats(0.002, 0.02))
def test_a_ramp_lies_between_the_two_bins_of_its_direction(angle, slope):
    place = torch.arange(40, dtype=torch.float64)
    ramp = slope * (math.cos(angle) * place + math.sin(angle) * place[:, None])[None, None]
    cell = oriented_gradients(ramp)[0, :, 5, 5]
    lower = math.floor(angle / math.pi * BINS)
    part = angle / math.pi * BINS - lower
    expected = torch.zeros(BINS, dtype=torch.float64)
    expected[lower % BINS] += 1 - part
    expected[(lower + 1) % BINS] += part
    length = 2 * slope  # Differences are taken over two pixels.
    size = expected.norm() * length
    torch.testing.assert_close(cell, expected * length / (size**2 + 1e-4).sqrt())


def test_light_on_dark_is_the_same_as_dark_on_light():
    gray = torch.rand(2, 1, 32, 48, generator=torch.manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(oriented_gradients(1 - gray), oriented_gradients(gray))


def test_the_filters_are_symmetric():
    for weights, _ in filters().values():
        order = [-each % BINS for each in range(BINS)] + list(range(BINS, len(weights)))
        torch.testing.assert_close(weights, weights.flip(-1)[order], atol=1e-3, rtol=0)


def test_a_face_is_found_where_another_library_finds_it():
    image = astronaut()
    found = Cascade(lbp_frontal_face_cascade_filename()).detect_multi_scale(
        img=image, scale_factor=1.2, step_ratio=1, min_size=(60, 60), max_size=(200, 200)
    )
    (other,) = found
    row, column = other["r"] + other["height"] / 2, other["c"] + other["width"] / 2
    for kind, picture in (("photo", photo()), ("drawing", lines(photo()))):
        face = find_face(picture, kind)
        assert math.hypot(face.row - row, face.column - column) < 0.15 * face.side
        assert 1.4 < face.side / other["height"] < 1.8  # Theirs ends at brows and mouth.


@pytest.mark.parametrize("kind", ["photo", "drawing"])
def test_the_place_moves_and_grows_with_the_face(kind):
    image = photo() if kind == "photo" else lines(photo())
    whole = find_face(image, kind)
    moved = find_face(image[:, 20:330, 60:390], kind)
    assert math.hypot(moved.row + 20 - whole.row, moved.column + 60 - whole.column) < 0.06 * 148
    half = find_face(resize(image, (340, 300)), kind)
    assert half.row / 340 == pytest.approx(whole.row / 512, abs=0.03)
    assert half.column / 300 == pytest.approx(whole.column / 512, abs=0.03)


@pytest.mark.parametrize("kind", ["photo", "drawing"])
def test_autocast_moves_no_face(kind):
    """As it does not change what a painter paints else."""
    image = photo() if kind == "photo" else lines(photo())
    with torch.autocast("cpu"):
        found = find_face(image, kind)
    assert found == find_face(image, kind)


@pytest.mark.parametrize("side", [64, 200, 256])
@pytest.mark.parametrize("kind", ["photo", "drawing"])
def test_numbers_of_float64_move_no_face(kind, side):
    """As NumPy has them."""
    image = resize(photo() if kind == "photo" else lines(photo()), (side, side))
    assert find_face(image.double(), kind) == find_face(image, kind)


def test_a_large_picture_is_measured_in_its_own_pixels():
    small, large = photo(), resize(photo(), (1536, 1536))
    a, b = find_face(small, "photo"), find_face(large, "photo")
    for name in ("row", "column", "side"):
        assert getattr(b, name) == pytest.approx(3 * getattr(a, name), rel=0.03)


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 2, 300), (3, 700, 5)])
@pytest.mark.parametrize("kind", ["photo", "drawing"])
def test_nothing_is_found_on_empty_pages_of_any_shape(shape, kind):
    face = find_face(torch.ones(shape), kind)
    assert face.score < 0
    assert np.isfinite([face.row, face.column, face.side]).all()


@pytest.mark.parametrize("shape", [(3, 1, 20000), (3, 3000, 2)])
def test_a_strip_is_not_enlarged_to_look_for_a_face(shape, monkeypatch):
    seen = []
    monkeypatch.setattr(face_finder, "resize", lambda image, size: seen.append(size) or image)
    assert find_face(torch.rand(shape), "photo").score == -math.inf
    assert not seen
    monkeypatch.undo()
    assert math.isfinite(find_face(torch.rand(3, 8 * 9, 9), "photo").score)


def test_another_filter_than_the_package_s_can_be_tried():
    weights = torch.zeros_like(filters()["photo"][0])
    assert find_face(photo(), "photo", (weights, 7.5)).score == 7.5


@pytest.mark.parametrize("kind", [None, "", "sketch", 1, True, [], torch.rand(3, 4, 4)])
def test_other_kinds_of_pictures_are_refused(kind):
    with pytest.raises(ValueError, match=r"^find_face expects kind to be one of \['photo', 'draw"):
        find_face(torch.rand(3, 20, 20), kind)


@pytest.mark.parametrize("shape", [(), (20,), (20, 20), (1, 3, 20, 20), (4, 20, 20), (3, 0, 20)])
@pytest.mark.parametrize("kind", ["photo", "drawing"])
def test_what_is_no_picture_is_refused(kind, shape):
    with pytest.raises(ValueError, match=r"^find_face expects an image of shape \(3, height, "):
        find_face(torch.ones(shape), kind)


def test_pictures_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match=r"^find_face expects finite values, got NaN or infinity"):
        find_face(torch.full((3, 20, 20), math.nan), "photo")


def test_pictures_without_values_are_refused():
    with pytest.raises(
        ValueError, match=r"^find_face expects a tensor with values, got one on the"
    ):
        find_face(torch.ones(3, 80, 60, device="meta"), "photo")
