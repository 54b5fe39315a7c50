"""What is added up: nothing of an empty batch, NaN of a broken image, and all digits of others."""

import pytest
import torch

from flowcolor import metrics
from flowcolor.metrics import frechet_distance

METRICS = {
    "bleeding": metrics.ColorBleeding,
    "sharpness": metrics.LineSharpness,
    "luminance": metrics.LuminanceError,
    "psnr": metrics.PeakSignalNoiseRatio,
    "ssim": metrics.StructuralSimilarity,
    "ms_ssim": metrics.MultiScaleStructuralSimilarity,
    "colors": metrics.ColorAgreement,
    "lines": lambda: OfTwo(metrics.LineAgreement()),
}
LARGE = torch.rand(2, 2, 3, 176, 176, generator=torch.Generator().manual_seed(0))
IMAGES = LARGE[..., :16, :16]


class OfTwo:
    """A metric of lines with the drawing as both of its drawings."""

    def __init__(self, metric):
        self.metric, self.reset = metric, metric.reset
        self.compute, self.to = metric.compute, metric.to

    def update(self, lines, sketch):
        self.metric.update(lines, sketch, sketch)


def images_of(name):
    return LARGE if name == "ms_ssim" else IMAGES


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
@pytest.mark.parametrize("name", METRICS)
def test_an_empty_batch_adds_nothing(name):
    metric, other = METRICS[name](), METRICS[name]()
    assert metric.compute()[name].isnan()
    metric, images = METRICS[name](), images_of(name)
    for batch in (images[:, :0], images, images[:, :0]):
        metric.update(*batch)
    other.update(*images)
    assert metric.compute()[name] == other.compute()[name]


@pytest.mark.parametrize("name", METRICS)
def test_sums_keep_their_digits_in_a_module_of_half_precision(name):
    metric, other = METRICS[name](), METRICS[name]()
    metric.to(torch.bfloat16)  # As a trainer converts a module with metrics in it.
    for image in images_of(name).unbind(1):
        metric.update(*image[:, None])
        other.update(*image[:, None])
    assert metric.compute()[name] == other.compute()[name]


@pytest.mark.parametrize("name", METRICS)
def test_what_was_reset_in_inference_mode_goes_on_outside(name):
    metric, other = METRICS[name](), METRICS[name]()
    images = images_of(name)
    with torch.inference_mode():
        metric.reset()
        metric.update(*images[:, :1])
    metric.update(*images[:, 1:])
    other.update(*images)
    assert metric.compute()[name] == pytest.approx(other.compute()[name].item(), rel=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_nan_in_one_pixel_is_seen(name):
    result, other = images_of(name).clone()
    result[0, 1, 5, 5] = torch.nan
    metric = METRICS[name]()
    metric.update(result, other)
    assert metric.compute()[name].isnan()


@pytest.mark.parametrize("function", [metrics.line_f1, metrics.color_bleeding])
def test_nan_spoils_its_own_image_alone(function):
    result, drawing = IMAGES[0].clone(), torch.ones_like(IMAGES[1])
    result[0, 1, 5, 5] = torch.nan
    assert function(result, drawing).isnan().tolist() == [True, False]


def test_gaussians_that_are_not_finite_are_nan_apart():
    mean, unit = torch.zeros(3), torch.eye(3)
    assert frechet_distance(mean, unit, mean, unit) == 0
    assert frechet_distance(mean, torch.nan * unit, mean, unit).isnan()
    assert frechet_distance(mean, unit, mean, torch.inf * unit).isnan()


def test_features_that_are_nan_make_fid_nan():
    metric = metrics.FrechetInceptionDistance(features=lambda x: x.flatten(1), dimensions=12)
    metric.update(torch.rand(5, 3, 2, 2), real=True)
    metric.update(torch.full((5, 3, 2, 2), torch.nan), real=False)
    assert metric.compute()["fid"].isnan()


def test_moments_keep_their_digits_in_a_module_of_half_precision():
    found = []
    for kind in (torch.float32, torch.bfloat16):
        metric = metrics.FrechetInceptionDistance(features=lambda x: x.mean((2, 3)), dimensions=3)
        metric.to(kind)
        for images, real in zip(IMAGES.repeat(1, 2, 1, 1, 1) ** 2, (True, False), strict=True):
            metric.update(images, real=real)
        found.append(metric.compute()["fid"])
    assert found[0] == found[1]


def test_moments_that_were_reset_in_inference_mode_go_on_outside():
    metric = metrics.FrechetInceptionDistance(features=lambda x: x.mean((2, 3)), dimensions=3)
    with torch.inference_mode():
        metric.reset()
    for images, real in zip(IMAGES, (True, False), strict=True):
        metric.update(images, real=real)
    assert metric.compute()["fid_n"] == 2
