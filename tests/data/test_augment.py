"""References keep the colours and lose the geometry; pixels depend on seed, epoch and index."""

import itertools
import math

import numpy as np
import pytest
import torch
from flowcolor.data.augmentation.random_streams import stream
from flowcolor.data.augmentation.self_reference import (
    _apply,
    _points,
    _sample,
    _similarity,
    _smooth,
)
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as tv

from flowcolor.data import EmbeddedPortraits, SelfAugmentedReference
from flowcolor.errors import InputError
from tests.data.conftest import smooth_photo

STILL = {
    "brightness": 0.0,
    "contrast": 0.0,
    "saturation": 0.0,
    "hue": 0.0,
    "elastic": 0.0,
    "rotation": 0.0,
    "shift": 0.0,
    "scale": (1.0, 1.0),
    "shared_rotation": 0.0,
    "shared_crop": 1.0,
    "flip": 0.0,
}


def make_batch(indices, size=24, sketch=None):
    photo = torch.stack([smooth_photo(index, size, size) for index in indices])
    return {
        "photo": photo,
        "sketch": 1 - photo if sketch is None else sketch,
        "index": torch.tensor(indices),
        "name": [str(index) for index in indices],
    }


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for key in one:
        same = one[key] == other[key]
        assert same if key == "name" else same.all(), key


@pytest.mark.parametrize("shared_geometry", [True, False])
def test_batch_of_the_task(shared_geometry):
    batch = make_batch([5, 7])
    before = {key: batch[key].clone() for key in ("photo", "sketch")}
    result = SelfAugmentedReference()(batch, 0, 0, shared_geometry)
    assert set(result) == {"sketch", "reference", "truth", "index", "name"}
    assert result["index"].tolist() == [5, 7]
    assert result["name"] == ["5", "7"]
    for key in ("sketch", "reference", "truth"):
        assert result[key].shape == (2, 3, 24, 24)
        assert result[key].dtype == torch.float32
        assert 0 <= result[key].min() <= result[key].max() <= 1
    for key, value in before.items():
        assert torch.equal(batch[key], value)


def test_without_strength_nothing_changes():
    batch = make_batch([0, 1])
    for shared_geometry in (True, False):
        result = SelfAugmentedReference(**STILL)(batch, 0, 0, shared_geometry)
        for key in ("reference", "truth"):
            torch.testing.assert_close(result[key], batch["photo"])
        torch.testing.assert_close(result["sketch"], batch["sketch"])


@given(st.permutations(range(5)), st.integers(1, 5), st.integers(0, 2**63), st.integers(0, 1000))
def test_pixels_do_not_depend_on_the_rest_of_the_batch(order, count, seed, epoch):
    augment = SelfAugmentedReference()
    whole = augment(make_batch(list(range(5)), size=8), seed, epoch)
    part = augment(make_batch(order[:count], size=8), seed, epoch)
    for row, index in enumerate(order[:count]):
        for key in ("sketch", "reference", "truth"):
            torch.testing.assert_close(part[key][row], whole[key][index], atol=1e-6, rtol=0)


def test_same_seed_same_pixels_and_every_part_of_the_address_counts():
    augment, batch = SelfAugmentedReference(), make_batch([3])
    assert_equal(augment(batch, 1, 2), augment(batch, 1, 2))
    torch.manual_seed(99)  # Nor does the global generator matter.
    assert_equal(augment(batch, 1, 2), augment(batch, 1, 2))
    other_index = {**batch, "index": torch.tensor([4])}
    variants = [
        augment(*arguments)
        for arguments in ((batch, 1, 2), (batch, 2, 1), (batch, 1, 3), (other_index, 1, 2))
    ]
    for one, other in itertools.combinations(variants, 2):
        for key in ("sketch", "reference", "truth"):
            assert (one[key] - other[key]).abs().mean() > 0.005


def test_streams_differ_at_every_address():
    addresses = itertools.product((0, 1), (0, 1, 2**32, -1), (0, 1, 2**32), (0, 1, 2**32 + 1))
    draws = {stream(*address).bytes(16) for address in addresses}
    assert len(draws) == 2 * 4 * 3 * 3


def test_jitter_of_both_leaves_colours_to_be_read():
    colors = STILL | {"brightness": 0.4, "hue": 0.4}
    batch = make_batch([0, 1])
    both = SelfAugmentedReference("both", **colors)(batch, 0, 0)
    torch.testing.assert_close(both["truth"], both["reference"])
    assert (both["truth"] - batch["photo"]).abs().mean() > 0.05
    alone = SelfAugmentedReference("reference", **colors)(batch, 0, 0)
    torch.testing.assert_close(alone["truth"], batch["photo"])
    torch.testing.assert_close(alone["reference"], both["reference"])


def test_evaluation_keeps_drawing_truth_and_colours():
    batch = make_batch([0, 1])
    result = SelfAugmentedReference(hue=0.5)(batch, 0, 0, shared_geometry=False)
    assert torch.equal(result["truth"], batch["photo"])
    assert torch.equal(result["sketch"], batch["sketch"])
    still = STILL | {"hue": 0.5}
    result = SelfAugmentedReference(**still)(batch, 0, 0, shared_geometry=False)
    torch.testing.assert_close(result["reference"], batch["photo"])


def test_drawing_and_truth_move_together_and_paper_fills_the_rim():
    batch = make_batch(list(range(6)))
    batch["sketch"] = batch["photo"]
    result = SelfAugmentedReference("reference", shared_rotation=30, shared_crop=0.9)(batch, 0, 0)
    inside = (slice(None), slice(None), slice(7, 17), slice(7, 17))
    torch.testing.assert_close(result["sketch"][inside], result["truth"][inside])
    assert (result["truth"] - batch["photo"]).abs().mean() > 0.02
    batch["sketch"] = torch.zeros_like(batch["photo"])
    result = SelfAugmentedReference(shared_rotation=30, shared_crop=1)(batch, 0, 0)
    corners = result["sketch"][..., [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.amax((1, 2)).max() == 1
    assert result["sketch"][inside].max() < 1e-6
    flat = {**batch, "photo": torch.full_like(batch["photo"], 0.5)}
    truth = SelfAugmentedReference("reference", shared_rotation=30)(flat, 0, 0)["truth"]
    torch.testing.assert_close(truth, flat["photo"])  # The photo's rim is reflected, not black.


def test_the_reference_is_a_copy_of_the_moved_photo():
    moves = STILL | {"shared_rotation": 30.0, "shared_crop": 0.7}
    batch = make_batch([0, 1])
    result = SelfAugmentedReference(**moves)(batch, 0, 0)
    torch.testing.assert_close(result["reference"], result["truth"])
    assert (result["truth"] - batch["photo"]).abs().mean() > 0.02


def test_flips_are_independent_and_exact():
    batch = make_batch(list(range(40)), size=8)
    result = SelfAugmentedReference(**STILL | {"flip": 0.5})(batch, 0, 0)
    mirrored = batch["photo"].flip(-1)
    seen = set()
    for truth, reference, photo, mirror in zip(
        result["truth"], result["reference"], batch["photo"], mirrored, strict=True
    ):
        first = torch.allclose(truth, mirror, atol=1e-5)
        assert first or torch.allclose(truth, photo, atol=1e-5)
        second = torch.allclose(reference, truth.flip(-1), atol=1e-5)
        assert second or torch.allclose(reference, truth, atol=1e-5)
        seen.add((first, second))
    assert len(seen) == 4


def test_similarity_is_torchvisions():
    photo = smooth_photo(0, 33, 33)[None]
    expected = tv.affine(
        photo,
        angle=20,
        translate=[0, 0],
        scale=1.25,
        shear=[0, 0],
        interpolation=InterpolationMode.BILINEAR,
    )
    matrix = torch.from_numpy(_similarity(angle=-20, zoom=0.8, flip=False))[None]
    result = _sample(photo, _apply(matrix, _points(33, photo.device)), padding="zeros")
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=0)


def test_shift_is_a_part_of_the_side():
    photo = smooth_photo(0, 20, 20)[None]
    matrix = torch.from_numpy(_similarity(angle=0, zoom=1, flip=False, shift=(0.2, 0.0)))[None]
    result = _sample(photo, _apply(matrix, _points(20, photo.device)))
    torch.testing.assert_close(result[..., :18], photo[..., 2:])


def test_draws_fill_their_ranges():
    augment = SelfAugmentedReference(elastic=0.0)
    draws = [augment._draw(0, 0, index, True) for index in range(400)]
    colors, shared, own = (np.stack(parts) for parts in list(zip(*draws, strict=True))[:3])
    for factor, centre, strength in zip(colors.T, (1, 1, 1, 0), (0.3, 0.3, 0.3, 0.1), strict=True):
        assert centre - strength <= factor.min() < centre - 0.9 * strength
        assert centre + 0.9 * strength < factor.max() <= centre + strength + 1e-6
    drawn = [*colors.T]
    for maps, zooms, degrees, shift in (
        (shared, (0.8, 1.0), 10, 0.0),
        (own, (0.8, 1.25), 20, 0.2),
    ):
        zoom = np.abs(np.linalg.det(maps[..., :2])) ** 0.5
        assert zooms[0] - 1e-6 <= zoom.min() < zooms[0] + 0.05
        assert zooms[1] - 0.05 < zoom.max() <= zooms[1] + 1e-6
        angle = np.degrees(np.arctan2(maps[:, 0, 1], maps[:, 1, 1]))
        assert 0.9 * degrees < np.abs(angle).max() <= degrees + 1e-3
        largest = np.abs(maps[..., 2]).max(0)
        assert (0.9 * shift <= largest).all()
        assert (largest <= shift + 1e-6).all()
        drawn += [zoom, angle, *(maps[..., 2].T if shift else ())]
        flipped = (np.linalg.det(maps[..., :2]) < 0).mean()
        assert 0.4 < flipped < 0.6
    together = np.corrcoef(drawn) - np.eye(len(drawn))
    assert np.abs(together).max() < 0.25  # Each is drawn by itself.
    assert abs(np.mean([draw[3].std() for draw in draws]) - 1) < 0.01


def test_elastic_field_has_unit_variance_and_the_smoothness_of_its_gaussian():
    noise = torch.randn(200, 2, 96, 96)
    field = _smooth(noise, 64)
    assert field.shape == (200, 64, 64, 2)
    deviation = field.square().mean((0, 3)).sqrt()
    assert 0.8 < deviation.min() <= deviation.max() < 1.2
    # White noise smoothed with a Gaussian s has the autocorrelation exp(-d^2 / 4 s^2).
    for distance in (2, 4, 8):
        correlation = (field[:, distance:] * field[:, :-distance]).mean().item()
        assert abs(correlation - math.exp(-(distance**2) / 4 / 4**2)) < 0.05


def test_elastic_strength_and_field_do_not_depend_on_the_size():
    noise = torch.randn(2, 2, 96, 96)
    small, large = _smooth(noise, 64), _smooth(noise, 256)
    pooled = torch.nn.functional.avg_pool2d(large.movedim(-1, 1), 4).movedim(1, -1)
    torch.testing.assert_close(small, pooled, atol=0.05, rtol=0)
    augment = SelfAugmentedReference(**STILL | {"elastic": 0.05})
    ramp = torch.linspace(0, 1, 64).expand(8, 3, 64, 64)
    batch = {"photo": ramp, "sketch": ramp, "index": torch.arange(8), "name": list("abcdefgh")}
    moved = (augment(batch, 0, 0, False)["reference"] - ramp)[..., 16:48].std()
    assert 0.035 < moved < 0.065


def test_reference_of_a_portrait_has_its_colours_and_not_its_geometry():
    item = EmbeddedPortraits(64)[1]
    batch = {
        "photo": item["photo"].expand(16, -1, -1, -1),
        "sketch": item["sketch"].expand(16, -1, -1, -1),
        "index": torch.arange(16),
        "name": ["g"] * 16,
    }
    result = SelfAugmentedReference()(batch, 0, 0)
    reference, truth = result["reference"], result["truth"]
    for colors in (lambda x: x.mean((2, 3)), lambda x: x.std((2, 3))):
        assert (colors(reference) - colors(truth)).abs().mean() < 0.05
    assert (reference - truth).abs().mean() > 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"jitter": "all"}, 'jitter should be "reference" or "both", got \'all\''),
        ({"hue": 0.7}, "hue should lie between 0 and 0.5, got 0.7"),
        ({"brightness": -1}, "brightness should lie between 0 and 1, got -1"),
        ({"scale": (1.2, 0.8)}, "scale should be two rising numbers from 0.01 to 100"),
        ({"shared_crop": 0}, "shared_crop should lie between 0.1 and 1, got 0"),
    ],
)
def test_bad_strengths_are_named(options, words):
    with pytest.raises(InputError, match=words):
        SelfAugmentedReference(**options)
