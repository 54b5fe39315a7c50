"""Whole numbers give what fractions give, to the last bit."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from flowcolor.data.integer_resize import shrink, whole_factors
from flowcolor.io.resizing import resize


def triangle(length: int, factor: int) -> list[dict[int, Fraction]]:
    """For every result: which entries count how much."""
    rows = []
    for result in range(length // factor):
        middle = Fraction(factor * (2 * result + 1), 2)
        weights = {i: 1 - abs(i + Fraction(1, 2) - middle) / factor for i in range(length)}
        weights = {i: weight for i, weight in weights.items() if weight > 0}
        rows.append({i: weight / sum(weights.values()) for i, weight in weights.items()})
    return rows


@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 1), (2, 4), (1, 5)])
def test_it_is_the_triangle_in_fractions(factors):
    image = np.random.default_rng(0).integers(0, 256, (3 * factors[0], 2 * factors[1]), np.uint8)
    down, across = (triangle(*pair) for pair in zip(image.shape, factors, strict=True))
    expected = [
        [
            float(sum(v * h * int(image[y, x]) for y, v in row.items() for x, h in column.items()))
            for column in across
        ]
        for row in down
    ]
    assert shrink(torch.from_numpy(image), factors).tolist() == expected


@pytest.mark.parametrize(
    ("size", "target"),
    [((60, 60), (60, 60)), ((240, 60), (30, 60)), ((90, 120), (30, 30)), ((300, 420), (60, 60))],
)
def test_it_is_the_filter_of_resize(size, target):
    factors = whole_factors(size, target)
    photo = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8))
    weights = torch.tensor([0.5, 0.25, 2.0], dtype=torch.float64)
    expected = resize((photo.double() @ weights)[None], target)[0]
    shrunk = shrink(photo, factors, lambda rows: rows.double() @ weights)
    torch.testing.assert_close(shrunk, expected, rtol=1e-13, atol=0)
    mask = photo[..., 0] > 99
    expected = resize(mask[None].double(), target)[0]
    torch.testing.assert_close(shrink(mask, factors), expected, rtol=1e-13, atol=1e-15)


def test_no_sum_is_too_large():
    largest = [n for n in range(1, 100) if whole_factors((2 * n, 3 * n), (2, 3)) is not None]
    assert largest == list(range(1, 9))
    for factor in largest:
        white = torch.full((2 * factor, 3 * factor), 255, dtype=torch.uint8)
        assert (shrink(white, (factor, factor)) == 255).all()


@pytest.mark.parametrize("size", [(63, 64), (64, 65), (16, 16), (1024, 1024)])
def test_other_ratios_are_not_its_business(size):
    assert whole_factors(size, (32, 32)) is None
