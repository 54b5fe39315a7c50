"""An empty batch adds nothing, no batch at all gives NaN, and NaN in an image is seen."""

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
        self.metric, self.compute = metric, metric.compute

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
