"""Images at other sizes."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from flowcolor.io.resizing import center_square, resize


@given(st.integers(2, 20), st.integers(2, 20), st.integers(1, 30), st.integers(1, 30))
def test_resize_keeps_flat_images_and_treats_a_batch_as_its_images(height, width, new_h, new_w):
    flat = resize(torch.full((3, height, width), 0.25), (new_h, new_w))
    torch.testing.assert_close(flat, torch.full((3, new_h, new_w), 0.25))
    batch = torch.rand(2, 3, height, width)
    torch.testing.assert_close(resize(batch, (new_h, new_w))[1], resize(batch[1], (new_h, new_w)))


@given(height=st.integers(2, 40), width=st.integers(2, 40), seed=st.integers(0, 99))
def test_bytes_are_resized_like_fractions_to_one_of_255(height, width, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = torch.from_numpy(pixels).movedim(2, 0)
    for size in ((16, 16), (7, 23)):
        resized = resize(image, size)
        assert resized.dtype == torch.uint8
        assert (resized.double() - resize(image.double(), size)).abs().max() < 1.1


def test_center_square_is_centred():
    image = torch.arange(7 * 4).view(1, 7, 4)
    assert torch.equal(center_square(image), image[:, 1:5])
    assert torch.equal(center_square(image.mT), image.mT[..., 1:5])
