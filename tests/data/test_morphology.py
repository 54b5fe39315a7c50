"""Filters that judge paper are those of scipy."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from flowcolor.data.morphology import blurred, closed

SIDES = st.integers(1, 20)


@given(SIDES, SIDES, st.integers(1, 12), st.integers(0, 2**16))
def test_the_closing_is_scipys(height, width, radius, seed):
    image = torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed))
    expected = ndimage.grey_closing(image[0].numpy(), size=2 * radius + 1, mode="nearest")
    np.testing.assert_array_equal(closed(image, radius)[0], expected)


@given(SIDES, SIDES, st.floats(0.3, 9), st.integers(0, 2**16))
def test_the_blur_is_scipys(height, width, sigma, seed):
    image = torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed))
    expected = ndimage.gaussian_filter(image[0].numpy(), sigma, mode="nearest")
    np.testing.assert_allclose(blurred(image, sigma)[0], expected, rtol=1e-5, atol=1e-6)
