"""Files hold what was put into them."""

import io

import numpy as np
from flowcolor.data.prepare.png import encode
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([(), (3,)]),
    seed=st.integers(0, 99),
)
def test_no_pixel_changes(height, width, channels, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, *channels), np.uint8)
    data = encode(pixels)
    Image.open(io.BytesIO(data)).verify()  # Checksums.
    assert (np.asarray(Image.open(io.BytesIO(data))) == pixels).all()
