"""Arguments that are no numbers of their range are refused where they are given."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from flowcolor import metrics

IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
LABELS = torch.zeros(2, 8, 8, dtype=torch.long)
FEATURES = {"features": lambda x: x.flatten(1)}

COUNTS = {
    "ColorAgreement expects directions": lambda n: metrics.ColorAgreement(directions=n),
    "FrechetInceptionDistance expects dimensions": lambda n: metrics.FrechetInceptionDistance(
        **FEATURES, dimensions=n
    ),
    "InceptionScore expects splits": lambda n: metrics.InceptionScore(
        **FEATURES, dimensions=4, splits=n
    ),
    "inception_score expects splits": lambda n: metrics.inception_score(torch.rand(4, 3), n),
}
DISTANCES = {
    "ColorBleeding": lambda d, t: metrics.ColorBleeding(d, t),
    "LineSharpness": lambda d, t: metrics.LineSharpness(d, t),
    "LineAgreement": lambda d, t: metrics.LineAgreement(d, t),
    "line_f1": partial(metrics.line_f1, IMAGES, IMAGES),
    "color_bleeding": partial(metrics.color_bleeding, IMAGES, IMAGES),
    "line_sharpness": partial(metrics.line_sharpness, IMAGES, IMAGES),
}


@pytest.mark.parametrize("value", [0, -1, 2.5, True, math.nan, math.inf, "3", None])
@pytest.mark.parametrize("who", COUNTS)
def test_counts_that_are_no_whole_numbers_are_refused(who, value):
    COUNTS[who](np.int64(2))
    with pytest.raises(ValueError, match=f"{who} to be a whole number of at least 1, got "):
        COUNTS[who](value)


@pytest.mark.parametrize("value", [2**17, 2**40, 10**30])
def test_dimensions_whose_squares_no_memory_holds_are_refused(value):
    message = r"^FrechetInceptionDistance expects dimensions that give up to 4 billion parameters, "
    with pytest.raises(ValueError, match=message):
        metrics.FrechetInceptionDistance(**FEATURES, dimensions=value)


@pytest.mark.parametrize("value", [0, 2.5, True, math.nan, "3", None])
def test_directions_and_least_numbers_of_pixels_that_are_none_are_refused(value):
    points = torch.rand(4, 3)
    with pytest.raises(ValueError, match=rf"expects `least` to be at least 1, got {value!r}\."):
        metrics.region_color_distance(IMAGES, IMAGES, LABELS, LABELS, least=value)
    with pytest.raises(ValueError, match=rf"at least one direction, got .* and {value!r}\."):
        metrics.sliced_wasserstein(points, points, value)


@pytest.mark.parametrize("value", [-1, True, math.nan, math.inf, "3", None])
@pytest.mark.parametrize("who", DISTANCES)
def test_distances_and_thresholds_that_are_no_numbers_are_refused(who, value):
    DISTANCES[who](np.float32(0.5), 0.9)
    message = f"{who} expects a threshold above 0 and up to 1 and a finite "
    for distance, threshold in ((value, 0.9), (0.05, value)):
        with pytest.raises(ValueError, match=message):
            DISTANCES[who](distance, threshold)


@pytest.mark.parametrize("value", [1e8, 1e300, 2**62, np.float32(1e30)])
@pytest.mark.parametrize("name", ["line_f1", "color_bleeding", "line_sharpness"])
def test_distances_beyond_the_picture_are_those_to_its_end(name, value):
    generator = torch.Generator().manual_seed(0)
    image, drawing = torch.rand(2, 2, 3, 9, 14, generator=generator)
    drawing = (drawing + 0.8).clamp(0, 1)
    score = getattr(metrics, name)
    assert_close(score(image[:1], drawing[:1], value), score(image[:1], drawing[:1], 40))


@pytest.mark.parametrize("value", [10**30, 10**400], ids=["long", "longer"])
@pytest.mark.parametrize("who", DISTANCES)
def test_distances_that_no_tensor_holds_are_refused(who, value):
    with pytest.raises(ValueError, match=f"^{who} expects a threshold .* and a whole number of "):
        DISTANCES[who](value, 0.9)


@pytest.mark.parametrize("who", DISTANCES)
def test_images_in_the_place_of_numbers_are_refused_in_one_short_sentence(who):
    for arguments in ((IMAGES, 0.9), (0.05, IMAGES)):
        with pytest.raises(ValueError, match=f"^{who} expects a threshold .*Tensor") as error:
            DISTANCES[who](*arguments)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize("value", [10**9, 10**30, 10**400], ids=["many", "long", "longer"])
def test_directions_and_pixels_beyond_all_measure_are_refused(value):
    points = torch.rand(4, 3)
    for call in (
        lambda: metrics.sliced_wasserstein(points, points, value),
        lambda: metrics.color_wasserstein(IMAGES, IMAGES, directions=value),
        lambda: metrics.ColorAgreement(value),
    ):
        with pytest.raises(ValueError, match="direction"):
            call()
    if value > 2**63:
        with pytest.raises(ValueError, match=r"^region_color_distance expects `least` to be "):
            metrics.region_color_distance(IMAGES, IMAGES, LABELS, LABELS, least=value)


@pytest.mark.parametrize("number", [True, 10**30])
def test_regions_of_what_no_label_can_be_are_refused(number):
    with pytest.raises(ValueError, match=r"^region_color_distance expects regions to be lists of"):
        metrics.region_color_distance(IMAGES, IMAGES, LABELS, LABELS, {"a": [number]})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: metrics.mean_color_distance(IMAGES[:1], IMAGES),
            "mean_color_distance expects as many images as references, got 1 and 2",
        ),
        (
            lambda: metrics.region_color_distance(IMAGES[:1], IMAGES, LABELS[:1], LABELS),
            "expects as many images as references, got 1 and 2",
        ),
        (
            lambda: metrics.reference_sensitivity(IMAGES, IMAGES, IMAGES[:1], IMAGES[1:]),
            "reference_sensitivity expects as many results as references, got 2 and 1",
        ),
        (
            lambda: metrics.reference_sensitivity(torch.tensor(0.5), IMAGES, IMAGES, IMAGES),
            r"lab_distance expects two batches of shape .* got \(\) and",
        ),
        (
            lambda: metrics.hint_error(IMAGES, IMAGES[:1], torch.ones(2, 1, 8, 8)),
            r"hint_error expects colors of the shape of the results, .* got \(1, 3, 8, 8\)",
        ),
        (
            lambda: metrics.sliced_wasserstein(torch.ones(4, 3).long(), torch.ones(4, 3)),
            r"sliced_wasserstein expects two sets of float points .* got torch.int64 of shape",
        ),
        (
            lambda: metrics.kernel_distance(torch.rand(4, 2), torch.rand(4, 3)),
            r"kernel_distance expects two sets of features .* got \(4, 2\) and \(4, 3\)",
        ),
        (
            lambda: metrics.frechet_distance(*[torch.rand(3), torch.eye(4)] * 2),
            r"frechet_distance expects two means .* got \[\(3,\), \(4, 4\)",
        ),
        (
            lambda: metrics.inception_score(torch.rand(4)),
            r"inception_score expects logits of shape .* got \(4,\)",
        ),
        (
            lambda: metrics.mean_color_distance(IMAGES, torch.tensor(0.5)),
            r"rgb_to_lab expects images of shape \(batch, 3, height, width\), got \(\)",
        ),
        (
            lambda: metrics.color_wasserstein(torch.tensor(0.5), IMAGES),
            r"rgb_to_lab expects images of shape \(batch, 3, height, width\), got \(\)",
        ),
        (
            lambda: metrics.diversity(torch.tensor(0.5)),
            "diversity expects at least two samples, got 0",
        ),
        (
            lambda: metrics.line_f1(IMAGES[..., :0], IMAGES[..., :0]),
            r"line_f1 expects two batches of drawings .* got \(2, 3, 8, 0\)",
        ),
    ],
)
def test_shapes_that_do_not_fit_together_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_points_in_half_precision_have_the_distance_of_the_same_points_in_single():
    a, b = torch.rand(300, 3).half(), torch.rand(400, 3).half()
    found = metrics.sliced_wasserstein(a, b)
    assert found == metrics.sliced_wasserstein(a.float(), b.float())


@pytest.mark.parametrize("name", ["line_f1", "color_bleeding", "line_sharpness"])
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_drawings_in_half_precision_have_the_lines_of_the_same_drawings_in_full(name, kind):
    generator = torch.Generator().manual_seed(0)
    image, drawing = torch.rand(2, 2, 3, 24, 24, generator=generator).to(kind)
    drawing = 1 - drawing / 5  # Much of it is about as bright as the threshold.
    found, right = (
        getattr(metrics, name)(image.to(x), drawing.to(x)) for x in (kind, torch.float64)
    )
    assert_close(found.double(), right.double(), rtol=1e-5, atol=1e-5)


def test_a_region_whose_number_does_not_fit_into_bytes_is_not_there():
    regions = {"all": (0, 300, -1), "none": (256,)}
    bytes_ = LABELS.to(torch.uint8)
    found = metrics.region_color_distance(IMAGES, IMAGES, bytes_, bytes_, regions)
    assert found["all"].tolist() == [0, 0]
    assert found["none"].isnan().all()


@pytest.mark.parametrize("kind", [torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_colors_that_are_no_float_numbers_are_refused(kind):
    colors = torch.rand(4, 3)
    for pair in ((colors.to(kind), colors), (colors, colors.to(kind))):
        with pytest.raises(ValueError, match=r"^nearer_to_own expects the colours of at least two"):
            metrics.nearer_to_own(*pair)
        with pytest.raises(ValueError, match=r"^sliced_wasserstein expects two sets of float poi"):
            metrics.sliced_wasserstein(*pair)


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (4, 2), (4, 3, 8)])
def test_colors_of_other_shapes_are_refused(shape):
    colors = torch.rand(shape)
    with pytest.raises(ValueError, match=r"^nearer_to_own expects the colours of at least two"):
        metrics.nearer_to_own(colors, colors)


def test_complex_features_are_refused_whose_half_would_be_left_out():
    mean, matrix, rows = torch.rand(3), torch.eye(3), torch.rand(4, 3)
    odd = torch.complex64
    for name, call in {
        "frechet_distance": lambda: metrics.frechet_distance(mean, matrix.to(odd), mean, matrix),
        "kernel_distance": lambda: metrics.kernel_distance(rows, rows.to(odd)),
        "inception_score": lambda: metrics.inception_score(rows.to(odd)),
        "KernelInceptionDistance's features": lambda: metrics.KernelInceptionDistance(
            features=lambda x: x.flatten(1).to(odd), dimensions=192
        ).update(IMAGES, real=True),
        "FrechetInceptionDistance's features": lambda: metrics.FrechetInceptionDistance(
            **FEATURES, dimensions=3
        ).update(IMAGES, True, rows[:2].to(odd)),
    }.items():
        with pytest.raises(ValueError, match=f"^{name} expects real numbers, got .*complex64"):
            call()
    with pytest.raises(ValueError, match=r"^region_color_distance expects integer labels of shape"):
        metrics.region_color_distance(IMAGES, IMAGES, LABELS.to(odd), LABELS)


def test_seeds_of_other_libraries_and_of_any_sign_shuffle_as_pythons():
    logits = torch.rand(9, 3, generator=torch.Generator().manual_seed(0))
    for seed in (3, -1, 2**64 - 1):
        assert metrics.inception_score(logits, 2, seed)[0].isfinite()
    assert metrics.inception_score(logits, 2, np.int64(3)) == metrics.inception_score(logits, 2, 3)
    for seed in (2**64, -(2**63) - 1, 10**30):
        with pytest.raises(ValueError, match=r"^inception_score expects seed to be a whole number"):
            metrics.inception_score(logits, 2, seed)
