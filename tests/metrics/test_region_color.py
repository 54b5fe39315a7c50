"""Colours of regions against scikit-image's, and what is not there."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from flowcolor.data.datasets.celeba_labels import PARTS
from flowcolor.metrics import CELEBA_REGIONS, FACE_REGIONS, region_color_distance


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 5, 20]))
def test_each_distance_is_that_of_the_mean_lab_colours_inside_the_region(seed, least):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, 7, 9, generator=generator)
    reference = torch.rand(2, 3, 5, 11, generator=generator)
    labels = torch.randint(0, 7, (2, 7, 9), generator=generator, dtype=torch.uint8)
    others = torch.randint(0, 7, (2, 5, 11), generator=generator, dtype=torch.uint8)
    regions = {"one": (2,), "two": (0, 5), "none": (99,), "six": [6]}
    found = region_color_distance(image, reference, labels, others, regions, least)
    assert list(found) == list(regions)
    for name, numbers in regions.items():
        for i in range(2):
            means, counts = [], []
            for x, map_ in ((image, labels), (reference, others)):
                inside = np.isin(map_[i].numpy(), numbers)
                lab = rgb2lab(x[i].permute(1, 2, 0).double().numpy())
                counts.append(inside.sum())
                means.append(lab[inside].mean(0) if inside.any() else np.nan)
            if min(counts) < least:
                assert found[name][i].isnan()
            else:
                expected = np.linalg.norm(means[0] - means[1])
                assert found[name][i].item() == pytest.approx(expected, abs=2e-3)


def test_a_region_that_is_too_small_in_either_image_has_no_distance():
    image = torch.rand(1, 3, 4, 4)
    labels, five = torch.zeros(1, 4, 4, dtype=torch.long), torch.zeros(1, 4, 4, dtype=torch.long)
    labels[0, 0], five[0, 0] = 5, 5
    five[0, 1, 0] = 5
    for pair in ((labels, five), (five, labels)):
        assert region_color_distance(image, image, *pair)["lips"].isnan()
    assert region_color_distance(image, image, five, five)["lips"] == 0
    assert region_color_distance(image, image, labels, five, least=4)["lips"].isfinite()


def test_colours_outside_of_a_region_do_not_matter():
    image, labels = torch.rand(1, 3, 8, 8), torch.zeros(1, 8, 8, dtype=torch.long)
    labels[:, 2:6, 2:6] = 2
    other = torch.where(labels[:, None] == 2, image, torch.rand(1, 3, 8, 8))
    found = region_color_distance(image, other, labels, labels)
    assert found["skin"] == 0
    assert found["background"] > 1


def test_the_regions_of_celebamask_hq_are_those_of_its_parts():
    number = {part: k + 1 for k, part in enumerate(PARTS)}
    expected = {
        "skin": {"skin", "nose", "l_ear", "r_ear", "neck"},
        "lips": {"u_lip", "l_lip"},
        "hair_clothes": {"hair", "hat", "cloth"},
    }
    for name, parts in expected.items():
        assert set(CELEBA_REGIONS[name]) == {number[part] for part in parts}
    assert CELEBA_REGIONS["background"] == FACE_REGIONS["background"] == (0,)
    assert list(CELEBA_REGIONS) == list(FACE_REGIONS)


@pytest.mark.parametrize(
    ("labels", "least", "message"),
    [
        (torch.zeros(1, 4, 5, dtype=torch.long), 5, r"labels of shape \(1, 4, 4\), got .*1, 4, 5"),
        (torch.zeros(1, 4, 4), 5, "integer labels .* got torch.float32"),
        (torch.zeros(1, 4, 4, dtype=torch.bool), 5, "integer labels .* got torch.bool"),
        (torch.zeros(1, 4, 4, dtype=torch.long), 0, "`least` to be at least 1, got 0"),
    ],
)
def test_impossible_arguments_are_one_sentence(labels, least, message):
    image, good = torch.rand(1, 3, 4, 4), torch.zeros(1, 4, 4, dtype=torch.long)
    for pair in ((labels, good), (good, labels)):
        with pytest.raises(ValueError, match=message):
            region_color_distance(image, image, *pair, least=least)
