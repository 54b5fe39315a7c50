"""Brightness that is kept, and colours that fit: against numpy and counted by hand."""

import numpy as np
import pytest
import torch
from PIL import Image

from flowcolor.metrics import LuminanceError, gamut_share, luminance_error


def test_the_error_of_luma_is_that_of_pillow_but_for_its_rounding():
    levels = torch.randint(256, (3, 3, 16, 16), dtype=torch.uint8)
    gray = torch.randint(256, (3, 1, 16, 16), dtype=torch.uint8)
    lumas = [np.asarray(Image.fromarray(x.permute(1, 2, 0).numpy()).convert("L")) for x in levels]
    expected = [
        np.abs(luma.astype(float) - g[0].numpy()).mean() / 255
        for luma, g in zip(lumas, gray, strict=True)
    ]
    found = luminance_error(levels / 255, gray.expand(-1, 3, -1, -1) / 255)
    assert found.tolist() == pytest.approx(expected, abs=0.5 / 255)


def test_a_tint_of_the_same_luma_has_no_error():
    gray = torch.rand(2, 1, 8, 8) * 0.4 + 0.3
    u, v = 0.1, -0.05
    tinted = torch.cat([gray + 1.402 * v, gray, gray + 1.772 * u], 1)
    tinted[:, 1:2] = (gray - 0.299 * tinted[:, :1] - 0.114 * tinted[:, 2:]) / 0.587
    assert luminance_error(tinted, gray.expand(-1, 3, -1, -1)).max() < 1e-6
    metric = LuminanceError()
    metric.update(tinted, gray.expand(-1, 3, -1, -1) + 0.1)
    assert float(metric.compute()["luminance"]) == pytest.approx(0.1, abs=1e-6)


def test_pixels_out_of_gamut_count_once_and_rounding_does_not():
    image = torch.full((2, 3, 4, 5), 0.5)
    image[0, 0, 0, 0] = image[0, 1, 0, 0] = 1.2
    image[0, 2, 3, 3] = -0.01
    image[0, 1, 2, 2], image[0, 0, 2, 3] = 1 + 0.45 / 255, -0.45 / 255  # Parts of a level.
    image[0, 0, 1, 1], image[0, 2, 1, 2] = 1 + 0.55 / 255, -0.55 / 255
    image[1, 1, 1, 1] = torch.nan
    assert gamut_share(image).tolist() == pytest.approx([4 / 20, 1 / 20])
    with pytest.raises(ValueError, match="gamut_share expects float images"):
        gamut_share(image[0])
