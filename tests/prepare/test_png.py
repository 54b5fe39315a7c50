"""Pillow reads from our files what was put into them."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flowcolor.prepare.png import encode


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([(), (3,)]),
    seed=st.integers(0, 99),
)
def test_pillow_reads_the_pixels(height, width, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, *channels), np.uint8)
    data = encode(pixels)
    Image.open(io.BytesIO(data)).verify()  # Checksums.
    assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()


@pytest.mark.parametrize("channels", [(), (3,)])
def test_files_are_about_as_small_as_pillows(channels):
    rng = np.random.default_rng(0)
    smooth = 128 + rng.normal(0, 3, (64, 64, *channels)).cumsum(0).cumsum(1) / 8
    pixels = smooth.clip(0, 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    assert len(encode(pixels)) < 1.1 * len(file.getvalue())
