"""Distances of pictures against scikit-image, pixel by pixel."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from flowcolor.metrics import diversity, hint_error, lab_distance, reference_sensitivity


def by_pixels(a, b):
    """Return the distance of every pixel of two images."""
    one, other = (rgb2lab(x.double().permute(1, 2, 0).numpy()) for x in (a, b))
    return np.sqrt(((one - other) ** 2).sum(-1))


def images(count, size=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 2, 3, size, size, generator=generator)


def test_the_distance_is_the_mean_over_pixels():
    a, b = images(2)
    expected = [by_pixels(x, y).mean() for x, y in zip(a, b, strict=True)]
    assert lab_distance(a, b).tolist() == pytest.approx(expected, rel=1e-4)
    assert lab_distance(a, a).tolist() == [0, 0]


def test_the_error_at_hints_is_the_mean_over_the_pixels_that_have_one():
    result, colors = images(2)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, 0, 1, 2] = mask[0, 0, 5, 5] = 1
    given = colors.where(mask > 0, torch.nan)  # What was not given may be anything.
    expected = by_pixels(result[0], colors[0])[[1, 5], [2, 5]].mean()
    found = hint_error(result, given, mask)
    assert float(found[0]) == pytest.approx(expected, rel=1e-4)
    assert found[1].isnan()
    assert float(hint_error(colors, given, mask)[0]) == 0


def test_sensitivity_is_the_distance_of_results_over_that_of_mean_colours():
    result, other_result, reference, other = images(4)
    reference[:, 0], other[:, 2] = 1, 1
    means = [
        [rgb2lab(x.double().permute(1, 2, 0).numpy()).mean((0, 1)) for x in y]
        for y in (reference, other)
    ]
    expected = [
        by_pixels(a, b).mean() / np.linalg.norm(m - n)
        for a, b, m, n in zip(result, other_result, *means, strict=True)
    ]
    found = reference_sensitivity(result, other_result, reference, other)
    assert found.tolist() == pytest.approx(expected, rel=1e-4)
    assert reference_sensitivity(result, result, reference, other).tolist() == [0, 0]


def test_a_copy_of_the_mean_colour_has_sensitivity_one():
    one, other = (color.view(1, 3, 1, 1).expand(1, 3, 8, 8) for color in torch.rand(2, 3))
    assert float(reference_sensitivity(one, other, one, other)) == pytest.approx(1)


def test_references_whose_difference_nobody_notices_have_no_sensitivity():
    gray = torch.tensor([0.5, 0.52, 0.53]).view(3, 1, 1, 1, 1).expand(-1, 1, 3, 8, 8)
    near, far = (float(lab_distance(gray[0], other)) for other in gray[1:])
    assert 1.5 < near < 2.3 < far < 3
    assert reference_sensitivity(gray[0], gray[1], gray[0], gray[1]).isnan().all()
    assert float(reference_sensitivity(gray[0], gray[2], gray[0], gray[2])) == pytest.approx(
        1, rel=1e-4
    )


def test_references_of_one_colour_have_no_sensitivity():
    result, other, reference = images(3)
    assert reference_sensitivity(result, other, reference, reference.flip(3)).isnan().all()


def test_diversity_is_the_mean_over_pairs_of_samples():
    samples = images(4)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    expected = [
        np.mean([by_pixels(samples[i, b], samples[j, b]) for i, j in pairs]) for b in (0, 1)
    ]
    assert diversity(samples).tolist() == pytest.approx(expected, rel=1e-4)
    assert diversity(samples[:1].expand(4, -1, -1, -1, -1)).tolist() == [0, 0]


def test_impossible_inputs_are_one_sentence():
    a, b = images(2)
    with pytest.raises(ValueError, match=r"hint_error expects a mask of shape \(2, 1, 8, 8\)"):
        hint_error(a, b, torch.ones(2, 8, 8))
    with pytest.raises(ValueError, match="diversity expects at least two samples, got 1"):
        diversity(a[None])


def test_a_mask_that_is_broken_is_seen_in_the_error_of_its_own_image():
    result, colors = torch.rand(2, 2, 3, 4, 4)
    mask = torch.ones(2, 1, 4, 4)
    expected = hint_error(result, colors, mask)
    mask[0, 0, 1, 1] = torch.nan
    assert hint_error(result, colors, mask).isnan().tolist() == [True, False]
    assert hint_error(result, colors, mask)[1] == expected[1]
