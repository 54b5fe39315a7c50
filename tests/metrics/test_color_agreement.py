"""Colour agreement is over images, however they are batched and spread over processes."""

import pytest
import torch

from flowcolor.metrics import (
    ColorAgreement,
    color_wasserstein,
    mean_color,
    mean_color_distance,
    nearer_to_own,
)


@pytest.fixture
def images():
    """Make six results, six darker references and their masks; one mask is empty."""
    result, reference = torch.rand(2, 6, 3, 5, 5)
    mask, reference_mask = torch.rand(2, 6, 5, 5) < 0.5
    mask[2] = False
    return [result, reference * torch.rand(6, 1, 1, 1), mask, reference_mask]


def agreement(some, sizes):
    metric = ColorAgreement()
    for batch in zip(*(x.split(sizes) for x in some), strict=True):
        metric.update(*batch)
    return metric.compute()


def test_the_metric_is_over_images_and_leaves_empty_masks_out(images):
    found = agreement(images, [3, 1, 2])
    result, reference, mask, reference_mask = kept = [x[[0, 1, 3, 4, 5]] for x in images]
    own, other = mean_color(result, mask), mean_color(reference, reference_mask)
    expected = {
        "colors": color_wasserstein(*kept).mean(),
        "mean_color": mean_color_distance(*kept).mean(),
        "colors_won": nearer_to_own(own, other).float().mean(),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    assert 0 < found["colors_won"] < 1


def test_without_masks_everything_counts(images):
    full = torch.ones(6, 5, 5, dtype=torch.bool)
    found = agreement(images[:2], [6])
    assert found == agreement([*images[:2], full, full], [6])


def test_a_result_with_an_unreadable_pixel_is_not_left_out(images):
    images[0][0, 0, 0, 0] = torch.nan
    images[2][0] = True
    assert agreement(images, [6])["colors"].isnan()


def test_a_single_image_has_no_others_to_be_compared_with(images):
    found = agreement([x[:1] for x in images], [1])
    assert found["colors_won"].isnan()
    assert found["colors"] > 0


def test_a_perfect_result_has_no_distance():
    image = torch.rand(2, 3, 4, 4)
    found = agreement([image, image], [2])
    assert found["colors"] == found["mean_color"] == 0
    assert found["colors_won"] == 1
