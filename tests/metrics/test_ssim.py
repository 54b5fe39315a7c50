"""SSIM and PSNR against scikit-image, MS-SSIM against its formula, image by image."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from flowcolor.evaluation.live_bytes import peak_bytes
from flowcolor.metrics import (
    MultiScaleStructuralSimilarity,
    PeakSignalNoiseRatio,
    StructuralSimilarity,
    ms_ssim,
    psnr,
    ssim,
)


def ssim_by_scikit_image(a, b):
    """Let scikit-image see a mirrored border, which it leaves out of its mean."""
    a, b = (np.pad(x.double().numpy(), [(0, 0), (5, 5), (5, 5)], "reflect") for x in (a, b))
    _, full = structural_similarity(
        a, b, data_range=1, channel_axis=0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, full=True,
    )  # fmt: skip
    return full[:, 5:-5, 5:-5].mean()


def ms_ssim_by_formula(a, b):
    def blurred(x):
        return gaussian_filter(x, (0, 1.5, 1.5), truncate=3.5, mode="mirror")

    a, b, product = a.double().numpy(), b.double().numpy(), 1.0
    for beta in (0.0448, 0.2856, 0.3001, 0.2363, 0.1333):
        mu, nu = blurred(a), blurred(b)
        covariance, variances = blurred(a * b) - mu * nu, blurred(a * a + b * b) - mu**2 - nu**2
        contrast = (2 * covariance + 0.03**2) / (variances + 0.03**2)
        luminance = (2 * mu * nu + 0.01**2) / (mu**2 + nu**2 + 0.01**2)
        is_last = beta == 0.1333
        factor = (luminance * contrast).mean() if is_last else contrast[:, 5:-5, 5:-5].mean()
        product *= max(factor, 0) ** beta
        a, b = (
            x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2]
            .reshape(3, x.shape[1] // 2, 2, x.shape[2] // 2, 2)
            .mean((2, 4))
            for x in (a, b)
        )
    return product


def psnr_by_scikit_image(a, b):
    return peak_signal_noise_ratio(b.numpy(), a.numpy(), data_range=1)


def similar(*shape, noise=0.3):
    """Make images and somewhat different ones, smooth enough to be alike."""
    truth = torch.nn.functional.interpolate(torch.rand(shape[0], 3, 5, 5), shape[-2:])
    return (truth + noise * torch.randn(*shape)).clamp(0, 1), truth


@pytest.mark.parametrize(("score", "side"), [(ssim, 16), (ms_ssim, 176)])
@pytest.mark.parametrize(("a", "b"), [(0.3, 0.7), (0.93, 0.931), (1.0, 0.9)])
def test_flat_areas_have_the_similarity_of_their_means(score, side, a, b):
    result, truth = (torch.full((1, 3, side, side), value) for value in (a, b))
    expected = (2 * a * b + 0.01**2) / (a * a + b * b + 0.01**2)
    found = score(result, truth)
    assert found.dtype == torch.float32
    assert found <= 1
    assert found.item() == pytest.approx(expected ** (1 if score is ssim else 0.1333), abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(6, 40), st.integers(6, 40), st.integers(1, 3))
def test_ssim_and_psnr_are_those_of_scikit_image(seed, height, width, count):
    torch.manual_seed(seed)
    result, truth = similar(count, 3, height, width)
    for ours, theirs in [(ssim, ssim_by_scikit_image), (psnr, psnr_by_scikit_image)]:
        found = ours(result, truth)
        assert found.shape == (count,)
        expected = [theirs(a, b) for a, b in zip(result, truth, strict=True)]
        assert found.tolist() == pytest.approx(expected, rel=1e-4)


def test_ms_ssim_is_its_formula():
    result, truth = similar(2, 3, 176, 181)
    found = ms_ssim(result, truth)
    expected = [ms_ssim_by_formula(a, b) for a, b in zip(result, truth, strict=True)]
    assert found.tolist() == pytest.approx(expected, rel=1e-4)
    assert 0.1 < min(expected) < max(expected) < 0.99


def test_ms_ssim_of_opposite_images_is_zero():
    image = torch.rand(1, 3, 176, 176)
    assert ms_ssim(image, 1 - image).item() == 0
    assert ms_ssim(image, image).item() == pytest.approx(1)


METRICS = [
    (StructuralSimilarity, ssim, (6, 8)),
    (PeakSignalNoiseRatio, psnr, (1, 2)),
    (MultiScaleStructuralSimilarity, ms_ssim, (176, 176)),
]


@pytest.mark.parametrize(("kind", "function", "size"), METRICS)
def test_the_metric_is_the_mean_over_images(kind, function, size):
    """However they are batched, and whether or not the values are known already."""
    result, truth = torch.rand(2, 5, 3, *size)
    truth = 0.7 * result + 0.3 * truth * torch.arange(1, 6).view(5, 1, 1, 1) / 5
    expected = function(result, truth)
    metric = kind()
    metric.update(result[:3], truth[:3])
    metric.update(result[3:4], truth[3:4], values=expected[3:4])
    metric.update(result[4:], truth[4:])
    found = metric.compute()
    assert list(found) == [kind.name] == [function.__name__]
    torch.testing.assert_close(found[kind.name], expected.double().mean())
    assert len(expected.unique()) == 5
    metric.reset()
    metric.update(result[:1], truth[:1])
    assert metric.compute()[kind.name].item() == pytest.approx(expected[0].item())
    assert metric.note == ""
    assert not metric.random_weights
    assert metric.prepare() is None


@pytest.mark.parametrize(("kind", "function", "size"), METRICS)
def test_images_are_clamped_and_widened_and_autocast_does_not_matter(kind, function, size):
    result, truth = torch.rand(2, 1, 3, *size)
    truth = (truth + 3 * result) / 4
    wild = torch.where(result > 0.9, result + 5, result)
    expected = function(torch.where(result > 0.9, 1, result), truth)
    assert torch.equal(function(wild, truth), expected)
    half = function(result.bfloat16(), truth.bfloat16())
    assert half.dtype == torch.float32
    assert torch.equal(half, function(result.bfloat16().float(), truth.bfloat16().float()))
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(function(wild, truth), expected)
    assert function(result.double(), truth.double()).dtype == torch.float64
    assert function(result * torch.nan, truth).isnan().all()


@pytest.mark.parametrize(("kind", "function", "size"), METRICS)
def test_impossible_images_are_one_sentence(kind, function, size):
    good = torch.rand(2, 3, *size)
    for bad in [good[:, :2], good[0], good[..., :-1], good.repeat(1, 1, 2, 1)]:
        with pytest.raises(ValueError, match=rf"{function.__name__} expects two batches of shape"):
            function(bad, good)
    tiny = good[..., : min(size) - 1]
    with pytest.raises(ValueError, match=rf"sides of at least {min(size)}, got"):
        function(tiny, tiny)
    with pytest.raises(ValueError, match=r"one number for each of 2 images, got shape \(1,\)"):
        kind().update(good, good, values=torch.zeros(1))


def test_equal_images_have_infinite_psnr():
    image = torch.rand(2, 3, 4, 4)
    assert psnr(image, image).tolist() == [torch.inf] * 2


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
@pytest.mark.parametrize(("kind", "function", "size"), METRICS)
def test_without_images_the_number_is_nan(kind, function, size):
    assert kind().compute()[kind.name].isnan()
    metric = kind()
    if kind is PeakSignalNoiseRatio:
        metric.update(*torch.rand(2, 0, 3, *size))
        assert metric.compute()["psnr"].isnan()


def test_many_images_add_up_without_rounding():
    """A float32 sum of a million decibels would stand still."""
    metric = PeakSignalNoiseRatio()
    values = torch.full((1000,), 30.1)
    images = torch.zeros(1000, 3, 1, 1)
    for _ in range(1000):
        metric.update(images, images, values=values)
    assert metric.compute()["psnr"].item() == pytest.approx(values[0].item(), rel=1e-9)


def test_a_batch_takes_the_memory_of_one_pair():
    def memory(batch):
        pairs = torch.rand(2, batch, 3, 32, 32)
        return peak_bytes(lambda: ssim(*pairs), "cpu")

    assert memory(4) < 2 * memory(1)
