"""Batched jitter is torchvision's, sample by sample."""

import torch
from flowcolor.data.augmentation.jitter import jitter_colors
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as tv

factor = st.floats(0.5, 1.5)


@given(
    st.lists(st.tuples(factor, factor, factor, st.floats(-0.5, 0.5)), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_every_sample_is_torchvisions(factors, seed, extreme):
    image = torch.rand(len(factors), 3, 4, 5, generator=torch.Generator().manual_seed(seed))
    if extreme:
        image = image.round()
    result = jitter_colors(image, torch.tensor(factors))
    for sample, (brightness, contrast, saturation, hue), own in zip(
        image, factors, result, strict=True
    ):
        expected = tv.adjust_brightness(sample, brightness)
        expected = tv.adjust_contrast(expected, contrast)
        expected = tv.adjust_saturation(expected, saturation)
        expected = tv.adjust_hue(expected, hue)
        # torchvision rounds Rec. 601's weights to four digits.
        torch.testing.assert_close(own, expected, atol=2e-3, rtol=0)


def test_neutral_factors_change_nothing():
    image = torch.rand(3, 3, 8, 8)
    neutral = torch.tensor([[1.0, 1.0, 1.0, 0.0]]).expand(3, -1)
    torch.testing.assert_close(jitter_colors(image, neutral), image)
    assert torch.equal(jitter_colors(torch.zeros_like(image), neutral), torch.zeros_like(image))
