"""Bytes are no values in [0, 1]: they are refused, not measured as if they were clamped."""

import pytest
import torch

from flowcolor import metrics
from flowcolor.data import write_image

FUNCTIONS = [
    metrics.ssim,
    metrics.ms_ssim,
    metrics.psnr,
    metrics.color_wasserstein,
    metrics.mean_color_distance,
]
CLASSES = [metrics.StructuralSimilarity, metrics.PeakSignalNoiseRatio, metrics.ColorAgreement]
KINDS = [torch.uint8, torch.int64, torch.bool]
MEASURES = [*FUNCTIONS, *(lambda a, b, kind=kind: kind().update(a, b) for kind in CLASSES)]


@pytest.mark.parametrize("dtype", KINDS, ids=str)
@pytest.mark.parametrize("measure", MEASURES)
def test_integers_are_refused_on_either_side(measure, dtype):
    side = 176 if measure is metrics.ms_ssim else 16
    image = torch.rand(1, 3, side, side)
    measure(image, image)
    for pair in ((image.to(dtype), image), (image, image.to(dtype))):
        with pytest.raises(ValueError, match=r"expects float images with values in \[0, 1\], got "):
            measure(*pair)


@pytest.mark.parametrize("dtype", KINDS, ids=str)
def test_integers_are_not_written_as_pictures(dtype, tmp_path):
    path = tmp_path / "picture.png"
    with pytest.raises(ValueError, match=rf"expects a float image .* got {dtype}: divide bytes"):
        write_image(torch.zeros(3, 4, 4, dtype=dtype), path)
    assert not path.exists()
