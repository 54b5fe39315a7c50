"""Arrays, lists and what else is no tensor are refused in one sentence by every measure."""

import numpy as np
import pytest
import torch

from flowcolor import color, hsi, losses, metrics

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
LARGE = torch.rand(1, 3, 176, 176, generator=torch.Generator().manual_seed(0))
MASK, LABELS = torch.ones(2, 32, 32, dtype=torch.bool), torch.ones(2, 32, 32, dtype=torch.long)
ROWS, SQUARE = torch.rand(4, 3), torch.eye(3)
OWN = {"features": lambda x: x[..., :2, :2].flatten(1), "dimensions": 12}

PAIRS = {
    **{
        name: getattr(metrics, name) for name in ("lab_distance", "luminance_error", "psnr", "ssim")
    },
    **{name: getattr(metrics, name) for name in ("line_f1", "color_bleeding", "line_sharpness")},
    "relevance": lambda a, b: metrics.StyleRelevance(random_weights=True)(a, b),
    "perceptual_distance": lambda a, b: metrics.PerceptualDistance(random_weights=True)(a, b),
    "ColorizationLoss": losses.ColorizationLoss(perceptual=0),
    "PerceptualLoss": losses.PerceptualLoss(random_weights=True),
    "FeatureLoss": losses.FeatureLoss(random_weights=True),
    "MSELPIPSLoss": losses.MSELPIPSLoss(lpips=0),
}
TAKES = {name: (function, [IMAGES, IMAGES]) for name, function in PAIRS.items()} | {
    "ms_ssim": (metrics.ms_ssim, [LARGE, LARGE]),
    "ContentStyleLoss": (losses.ContentStyleLoss(random_weights=True), [IMAGES] * 3),
    "color_wasserstein": (metrics.color_wasserstein, [IMAGES, IMAGES]),
    "color_wasserstein|A mask": (
        lambda *masks: metrics.color_wasserstein(IMAGES, IMAGES, *masks),
        [MASK, MASK],
    ),
    "mean_color_distance": (metrics.mean_color_distance, [IMAGES, IMAGES]),
    "rgb_to_lab": (metrics.mean_color, [IMAGES]),
    "hint_error": (metrics.hint_error, [IMAGES, IMAGES, MASK[:, None].float()]),
    "reference_sensitivity": (metrics.reference_sensitivity, [IMAGES] * 4),
    "diversity": (metrics.diversity, [torch.stack([IMAGES, IMAGES])]),
    "gamut_share": (metrics.gamut_share, [IMAGES]),
    "region_color_distance": (metrics.region_color_distance, [IMAGES, IMAGES, LABELS, LABELS]),
    "nearer_to_own": (metrics.nearer_to_own, [ROWS, ROWS]),
    "sliced_wasserstein": (metrics.sliced_wasserstein, [ROWS, ROWS]),
    "kernel_distance": (metrics.kernel_distance, [ROWS, ROWS]),
    "frechet_distance": (metrics.frechet_distance, [ROWS[0], SQUARE, ROWS[1], SQUARE]),
    "inception_score": (metrics.inception_score, [ROWS]),
    "FrechetInceptionDistance": (
        lambda x: metrics.FrechetInceptionDistance(**OWN).update(x, real=True),
        [IMAGES],
    ),
    "StructuralSimilarity": (
        lambda values: metrics.StructuralSimilarity().update(IMAGES, IMAGES, values),
        [ROWS[:2, 0]],
    ),
    "to_gray": (color.to_gray, [IMAGES]),
    "rgb_to_yuv": (color.rgb_to_yuv, [IMAGES]),
    "yuv_to_rgb": (color.yuv_to_rgb, [IMAGES]),
    "lab_to_rgb": (color.lab_to_rgb, [IMAGES]),
    "into_gamut": (color.into_gamut, [IMAGES]),
    "turn_hue": (lambda x: color.turn_hue(x, torch.tensor(0.1)), [IMAGES]),
    "with_luma": (color.with_luma, [IMAGES, IMAGES[:, :1]]),
    "rgb_to_hsi": (hsi.rgb_to_hsi, [IMAGES]),
    "hsi_to_rgb": (hsi.hsi_to_rgb, [IMAGES]),
}


@pytest.mark.parametrize("name", TAKES)
def test_what_is_no_tensor_is_refused(name):
    function, arguments = TAKES[name]
    function(*arguments)
    for place in range(len(arguments)):
        for given in ("x", [IMAGES, IMAGES], np.zeros((2, 3, 32, 32)), 3, object()):
            wrong = [*arguments[:place], given, *arguments[place + 1 :]]
            expected = (
                rf"^({name})[^\n]* expects [^\n]*tensors?[^\n]*, got .*{type(given).__name__}"
            )
            with pytest.raises(ValueError, match=expected):
                function(*wrong)


@pytest.mark.parametrize("name", ["yuv_to_rgb", "turn_hue", "with_luma", "into_gamut", "to_gray"])
def test_bytes_and_single_pictures_are_refused_by_conversions(name):
    convert, arguments = TAKES[name]
    with pytest.raises(ValueError, match=f"^{name} expects float images"):
        convert(*((255 * x).byte() for x in arguments))
    if name != "to_gray":  # It takes any number of axes in front.
        with pytest.raises(ValueError, match=f"^{name} expects images of shape .*3, height, width"):
            convert(*(x[0] for x in arguments))


def test_a_luma_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"^with_luma expects luma of shape \(2, 1, 32, 32\), got"):
        color.with_luma(IMAGES, IMAGES)


@pytest.mark.parametrize("name", TAKES)
def test_tensors_that_hardly_an_operator_knows_are_refused(name):
    function, arguments = TAKES[name]
    nested = torch.nested.nested_tensor([torch.rand(3, 8)] * 2, layout=torch.jagged)
    for place in range(len(arguments)):
        for given, kind in ((arguments[place].to_sparse(), "of layout"), (nested, "nested")):
            wrong = [*arguments[:place], given, *arguments[place + 1 :]]
            with pytest.raises(ValueError, match=rf"^({name})[^\n]* expects [^\n]*, got .*{kind}"):
                function(*wrong)


@pytest.mark.parametrize("name", [name for name, (_, given) in TAKES.items() if len(given) > 1])
def test_tensors_on_two_devices_are_refused(name):
    function, arguments = TAKES[name]
    for place, given in enumerate(arguments):
        wrong = [*arguments[:place], given.to("meta"), *arguments[place + 1 :]]
        devices = "(cpu and meta|meta and cpu)"
        with pytest.raises(ValueError, match=rf"expects tensors on one device, got {devices}\.$"):
            function(*wrong)


@pytest.mark.parametrize("name", ["gamut_share", "lab_to_rgb", "hsi_to_rgb", "turn_hue"])
def test_floats_of_one_byte_are_refused(name):
    function, (images,) = TAKES[name]
    with pytest.raises(ValueError, match=f"^{name} expects float images [^\n]*, got .*float8"):
        function(images.to(torch.float8_e5m2))


@pytest.mark.parametrize("kind", [torch.float8_e5m2, torch.complex64])
def test_masks_of_hints_that_are_no_numbers_to_compare_are_refused(kind):
    mask = MASK[:, None].to(kind)
    with pytest.raises(
        ValueError, match=f"^hint_error expects a mask of float numbers, got {kind}"
    ):
        metrics.hint_error(IMAGES, IMAGES, mask)


@pytest.mark.parametrize("values", [ROWS[:2, 0].cfloat(), ROWS[:2, 0].to(torch.float8_e5m2)])
def test_values_that_are_no_real_numbers_are_refused(values):
    metric = metrics.StructuralSimilarity()
    with pytest.raises(
        ValueError, match=r"^StructuralSimilarity\.update expects real numbers, got"
    ):
        metric.update(IMAGES, IMAGES, values)
    assert not metric.count


def test_single_numbers_in_place_of_a_batch_are_refused():
    one = torch.tensor(1.0)
    calls = {
        "StructuralSimilarity.update": lambda: metrics.StructuralSimilarity().update(one, one, one),
        "FrechetInceptionDistance": lambda: metrics.FrechetInceptionDistance(**OWN).update(
            one, real=True, features=torch.rand(1, 12)
        ),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"^{name} expects a batch of images, got a single"):
            call()
