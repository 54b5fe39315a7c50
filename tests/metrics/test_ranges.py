"""Images of other ranges than [0, 1] are refused: clamped, they would be other pictures."""

import pytest
import torch

from flowcolor import metrics
from flowcolor.data import write_image

LARGE = torch.rand(2, 3, 176, 176, generator=torch.Generator().manual_seed(0))
IMAGE = LARGE[..., :32, :32]

LABELS = torch.zeros(2, 32, 32, dtype=torch.long)


def looks_at_sets(kind):
    return lambda a, b: [kind(random_weights=True).update(x, True) for x in (a, b)]


MEASURES = {
    "ssim": metrics.ssim,
    "ms_ssim": metrics.ms_ssim,
    "psnr": metrics.psnr,
    "color_wasserstein": metrics.color_wasserstein,
    "mean_color_distance": metrics.mean_color_distance,
    "lab_distance": metrics.lab_distance,
    "luminance_error": metrics.luminance_error,
    "line_f1": metrics.line_f1,
    "color_bleeding": metrics.color_bleeding,
    "line_sharpness": metrics.line_sharpness,
    "region_color_distance": lambda a, b: metrics.region_color_distance(a, b, LABELS, LABELS),
    "LineAgreement": lambda a, b: metrics.LineAgreement().update(a, b, b),
    "ColorAgreement": lambda a, b: metrics.ColorAgreement().update(a, b),
    "SSIM": lambda a, b: metrics.StructuralSimilarity().update(a, b),
    "LPIPS": lambda a, b: metrics.LPIPS(random_weights=True).per_image(a, b),
    "SR": lambda a, b: metrics.StyleRelevance(random_weights=True).per_image(a, b),
    "FID": looks_at_sets(metrics.FrechetInceptionDistance),
    "KID": looks_at_sets(metrics.KernelInceptionDistance),
}


@pytest.mark.parametrize("name", MEASURES)
def test_values_of_another_range_are_refused_on_either_side(name):
    measure, image = MEASURES[name], LARGE if name == "ms_ssim" else IMAGE
    for wrong in (255 * image, 2 * image - 1):
        for pair in (
            [(wrong, image)] if name in ("FID", "KID") else [(wrong, image), (image, wrong)]
        ):
            with pytest.raises(ValueError, match=r"with values in \[0, 1\], got values from"):
                measure(*pair)


@pytest.mark.parametrize("name", ["ssim", "psnr", "color_wasserstein", "line_f1"])
def test_values_of_a_model_that_is_not_clamped_pass(name):
    assert torch.as_tensor(MEASURES[name](IMAGE * 4 - 0.9, IMAGE)).isfinite().all()


def test_bounds_clamp_and_nothing_else():
    wide = IMAGE * 4 - 0.9
    assert torch.equal(metrics.psnr(wide, IMAGE), metrics.psnr(wide.clamp(0, 1), IMAGE))
    assert metrics.psnr(torch.full_like(IMAGE, torch.nan), IMAGE).isnan().all()
    assert metrics.psnr(IMAGE[:0], IMAGE[:0]).shape == (0,)


def test_pictures_of_another_range_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="write_image expects images with values in"):
        write_image(255 * IMAGE[0], tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("name", ["ssim", "color_wasserstein", "lab_distance", "line_f1"])
def test_values_of_another_range_are_refused_beside_a_broken_image(name):
    broken = IMAGE.clone()
    broken[0, 0, 0, 0] = torch.nan
    assert torch.as_tensor(MEASURES[name](broken, IMAGE))[1].isfinite()
    for wrong in (255 * broken, 2 * broken - 1):
        for pair in ((wrong, IMAGE), (IMAGE, wrong)):
            with pytest.raises(ValueError, match=r"with values in \[0, 1\], got values from"):
                MEASURES[name](*pair)


def test_values_of_another_range_are_refused_inside_a_mask():
    image, mask = IMAGE.clone(), LABELS > 0
    mask[:, 8:] = True
    image[:, :, :8] = torch.nan  # What lies outside of the mask may be.
    assert metrics.mean_color(image, mask).isfinite().all()
    with pytest.raises(ValueError, match=r"^rgb_to_lab expects images with values in \[0, 1\]"):
        metrics.mean_color(255 * image, mask)
