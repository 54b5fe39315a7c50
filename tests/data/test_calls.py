"""What helpers for images are called with is checked, and refused in one sentence."""

import math
import re
from dataclasses import astuple

import numpy as np
import pytest
import torch
from torch.nn.functional import pad
from torch.testing import assert_close

from flowcolor import data, metrics
from flowcolor.data.clean import clean_drawing
from flowcolor.data.crisp import crisp
from flowcolor.data.datasets.celeba_labels import resize_nearest
from flowcolor.face_alignment import align_reference
from flowcolor.io.images import to_uint8
from flowcolor.layers import ActNorm
from flowcolor.pretrained.face_finder import Face, find_face
from flowcolor.testing import check_invertible, measure_drift

PHOTO = torch.rand(3, 16, 16)
LABELS = torch.zeros(8, 8, dtype=torch.uint8)
NO_TENSORS = [None, "x", [PHOTO], np.zeros((3, 8, 8)), 3]
FILTERS = [data.XDoG(), data.ColorDodge(), data.MixedFilter([data.XDoG()])]


def batch():
    images = torch.rand(2, 3, 16, 16)
    names = {"photo": images, "content": images, "truth": images}
    return {**names, "index": torch.arange(2), "name": ["a", "b"]}


@pytest.mark.parametrize("value", NO_TENSORS, ids=lambda v: type(v).__name__)
def test_what_is_no_tensor_is_refused(value, tmp_path):
    calls = [
        *(lambda draw=draw: draw(value, (8, 8)) for draw in FILTERS),
        lambda: data.write_image(value, tmp_path / "a.png"),
        lambda: data.boxes_of_labels(value),
        lambda: check_invertible(ActNorm(3), value),
        lambda: measure_drift(ActNorm(3), value),
    ]
    if value is not None:
        calls.append(lambda: data.XDoG()(PHOTO, (8, 8), value))
    for call in calls:
        with pytest.raises(ValueError, match=r"^\w+ expects (a )?(float )?tensors?, got "):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [None, (255 * PHOTO).byte(), 255 * PHOTO, PHOTO[0], PHOTO[None]])
def test_what_is_laid_on_a_drawing_and_is_no_picture_is_refused(wrong):
    face = Face(8.0, 8.0, 6.0, 9.0)
    calls = {
        "crisp": [lambda: crisp(wrong, PHOTO, PHOTO), lambda: crisp(PHOTO, PHOTO, wrong)],
        "align_reference": [lambda: align_reference(wrong, PHOTO, (8, 8), face)],
    }
    for name, each in calls.items():
        for call in each:
            with pytest.raises(ValueError, match=rf"^{name} expects "):
                call()


def test_sizes_that_do_not_belong_together_are_refused():
    with pytest.raises(
        ValueError, match=r"^crisp expects the drawing that was painted in the size"
    ):
        crisp(PHOTO, PHOTO[:, 1:], PHOTO)
    with pytest.raises(ValueError, match=r"^align_reference expects size to be a height and a w"):
        align_reference(PHOTO, PHOTO, (8, 2.5), Face(8.0, 8.0, 6.0, 9.0))


@pytest.mark.parametrize("condition", [3, "x", [3], object()])
def test_conditions_that_are_no_tensors_are_refused_by_the_drift(condition):
    with pytest.raises(ValueError, match=r"^measure_drift expects condition to be a tensor or a l"):
        measure_drift(ActNorm(3), torch.rand(2, 3, 4, 4), condition)


def test_what_is_checked_at_no_numbers_is_refused():
    for x in (torch.full((2, 3, 2, 2), torch.nan), torch.rand(2, 3, 0, 2)):
        with pytest.raises(ValueError, match=r"^check_invertible expects x to be finite numbers"):
            check_invertible(ActNorm(3), x)


@pytest.mark.parametrize("size", [None, 8, "88", (8,), (0, 8), (8, 2.5), (8, 8, 8), math.nan])
def test_sizes_of_drawings_that_are_no_sides_are_refused(size):
    for draw in FILTERS:
        with pytest.raises(ValueError, match="expects size to be a height and a width in pixels"):
            draw(PHOTO, size)


def test_drawings_that_no_machine_could_hold_are_refused():
    for draw in FILTERS:
        with pytest.raises(
            ValueError, match="expects height and width that give up to 1 billion p"
        ):
            draw(PHOTO, (10**9, 10**9))


@pytest.mark.parametrize("path", [None, 3, math.nan, [], object()])
def test_paths_of_images_that_are_none_are_refused(path):
    calls = [data.read_image, data.read_mask, data.read_sketch]
    for call in [*calls, lambda path: data.write_image(PHOTO, path)]:
        with pytest.raises(ValueError, match=r"^Expected the path of an image file, got \w+\.$"):
            call(path)


@pytest.mark.parametrize("seed", [None, "x", 2.5, math.nan, True, [], np.zeros((9, 9, 9))])
@pytest.mark.parametrize(
    "change", [data.SelfAugmentedReference(), data.StrokeAugmentation(), data.HintPoints()]
)
def test_seeds_and_epochs_that_are_no_whole_numbers_are_refused(change, seed):
    change(batch(), np.int64(3), 0)
    for name, numbers in (("seed", (seed, 0)), ("epoch", (0, seed))):
        with pytest.raises(ValueError, match=rf"^{name} should be a whole number, got [^\n]*\.$"):
            change(batch(), *numbers)


@pytest.mark.parametrize("table", [None, "x", [(1,)], {"a": 1}, {"a": (1.5,)}, {"a": "12"}])
def test_tables_of_parts_that_are_no_numbers_by_name_are_refused(table):
    with pytest.raises(ValueError, match=r"^boxes_of_labels expects parts to be lists of whole"):
        data.boxes_of_labels(LABELS, table)
    images, labels = torch.rand(1, 3, 8, 8), LABELS[None]
    with pytest.raises(ValueError, match=r"^region_color_distance expects regions to be lists of"):
        metrics.region_color_distance(images, images, labels, labels, table)


@pytest.mark.parametrize("labels", [LABELS.float(), LABELS.bool(), LABELS[None]])
def test_labels_that_are_no_map_of_whole_numbers_are_refused(labels):
    with pytest.raises(ValueError, match=r"^boxes_of_labels expects labels to be whole numbers"):
        data.boxes_of_labels(labels)


def test_numbers_of_parts_may_be_larger_than_bytes():
    labels = LABELS.clone()
    labels[2:4] = 2
    assert len(data.boxes_of_labels(labels, {"none": (258,), "also none": (-254,)})) == 0
    assert len(data.boxes_of_labels(labels, {"one": (2,)})) == 1


@pytest.mark.parametrize("value", [None, "x", 3, []])
def test_networks_of_measures_that_are_none_are_refused(value):
    images = torch.rand(1, 3, 32, 32)
    for measure, name in (
        (metrics.lpips, "activations"),
        (metrics.relevance, "activations"),
        (metrics.perceptual_distance, "features"),
    ):
        with pytest.raises(ValueError, match=rf"^{measure.__name__} expects {name} "):
            measure(images, images, value)


@pytest.mark.parametrize("seed", [None, "x", 2.5, True])
def test_seeds_of_the_inception_score_that_are_none_are_refused(seed):
    with pytest.raises(ValueError, match=r"^inception_score expects seed to be a whole number"):
        metrics.inception_score(torch.rand(4, 3), seed=seed)


CHANGES = [data.SelfAugmentedReference(), data.StrokeAugmentation(), data.HintPoints()]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "expects a batch, a dictionary, got NoneType."),
        (["photo"], "expects a batch, a dictionary, got list."),
        (PHOTO, "expects a batch, a dictionary, got Tensor."),
        ({}, "got an empty one."),
        ({"index": 3}, "expects index to be whole numbers, one for each of 2 images, got 3."),
        ({"index": ["a", "b"]}, "one for each of 2 images, got ['a', 'b']."),
        ({"index": torch.arange(3)}, "one for each of 2 images, got (3,)."),
        ({"index": torch.rand(2)}, "one for each of 2 images, got (2,)."),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_batch_is_refused(change, wrong, message):
    change({**batch(), "index": [0, np.int64(1)]}, 0, 0)
    given = {**batch(), **wrong} if isinstance(wrong, dict) and wrong else wrong
    with pytest.raises(ValueError, match=rf"^{type(change).__name__} .*{re.escape(message)}$"):
        change(given, 0, 0)


@pytest.mark.parametrize(
    "image",
    [
        None,
        np.zeros((2, 3, 16, 16)),
        PHOTO,
        torch.zeros(2, 1, 16, 16),
        torch.zeros(2, 3, 16, 0),
        torch.zeros(2, 3, 16, 16, dtype=torch.uint8),
        255 * torch.rand(2, 3, 16, 16),
        2 * torch.rand(2, 3, 16, 16) - 1,
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_images_of_batches_that_are_none_are_refused(change, image):
    needed = {"SelfAugmentedReference": ["photo", "content"], "HintPoints": ["truth"]}
    for name in needed.get(type(change).__name__, ["content", "truth"]):
        with pytest.raises(ValueError, match=rf"^{type(change).__name__} expects [^\n]*, got "):
            change({**batch(), name: image}, 0, 0)


@pytest.mark.parametrize("kinds", [(torch.float64, torch.float16), (torch.half, torch.half)])
@pytest.mark.parametrize("change", CHANGES)
def test_images_of_batches_may_be_of_several_kinds_of_floats(change, kinds):
    wide = batch()
    given = wide | {name: wide[name].to(kinds[0]) for name in ("photo", "content")}
    made = change(given | {"truth": wide["truth"].to(kinds[1])}, 0, 0)
    for name, value in change(wide, 0, 0).items():
        if isinstance(value, torch.Tensor):
            assert_close(made[name].float(), value.float(), atol=0.05, rtol=0)


@pytest.mark.parametrize("change", CHANGES[:2])
def test_batches_without_images_and_of_other_sides_are_refused(change):
    for cut, shape in (((slice(0),), "(0, 3, 16, 16)"), ((..., slice(8)), "8x16")):
        images = {name: batch()[name][cut] for name in ("photo", "content", "truth")}
        with pytest.raises(ValueError, match=rf"expects [^\n]* got {re.escape(shape)}\.$"):
            change({**batch(), **images, "index": [0] * len(images["photo"])}, 0, 0)


@pytest.mark.parametrize("flag", [None, 1, "no", PHOTO])
def test_geometry_that_is_neither_shared_nor_not_is_refused(flag):
    with pytest.raises(ValueError, match=r"expects shared_geometry to be True or False, got "):
        CHANGES[0](batch(), 0, 0, shared_geometry=flag)


@pytest.mark.parametrize("wrong", [None, "photo", [PHOTO]])
def test_what_the_data_module_cannot_complete_is_refused(wrong):
    with pytest.raises(ValueError, match=r"^complete expects a batch, a dictionary, got "):
        data.ColorizationDataModule().complete(wrong, training=False)


@pytest.mark.parametrize("draw", FILTERS, ids=lambda draw: type(draw).__name__)
def test_photographs_without_pixels_are_refused(draw):
    for photo, shown in ((PHOTO[:, :0], "(3, 0, 16)"), (PHOTO.to("meta"), "(3, 16, 16) without")):
        with pytest.raises(
            ValueError, match=rf"expects a photo \(3, H, W\), got {re.escape(shown)}"
        ):
            draw(photo, (8, 8))


# As of `torch.set_default_device("cuda")`, of which a machine without a GPU knows nothing.
@pytest.mark.parametrize(
    "name", ["filters", "bytes", "clean", "face", "aligned", "crisp", "labels"]
)
def test_where_new_tensors_lie_does_not_matter(name):
    portrait = data.open_portraits("embedded", size=96)[0]
    photo, drawing = portrait["photo"], portrait["content"]
    coarse = photo[:, ::4, ::4]
    aside = pad(photo, (60, 0, 60, 0))
    calls = {
        "filters": lambda: [draw(photo, (32, 32), photo[0] > 0.2) for draw in FILTERS],
        "bytes": lambda: [draw(to_uint8(photo), (16, 16)) for draw in FILTERS],
        "clean": lambda: [clean_drawing(photo).drawing],
        "face": lambda: astuple(find_face(photo, "photo")),
        "aligned": lambda: [align_reference(aside, drawing, (64, 64))],
        "crisp": lambda: [crisp(coarse, coarse, drawing)],
        "labels": lambda: [resize_nearest(photo[0] > 0.5, (24, 24))],
    }
    here = calls[name]()
    with torch.device("meta"):
        there = calls[name]()
    for one, other in zip(there, here, strict=True):
        assert_close(torch.as_tensor(one), torch.as_tensor(other), rtol=0, atol=0)


CHANGED = ("photo", "content")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_references_are_made_of_half_precision_as_of_full(dtype):
    images = {
        name: value.to(dtype) for name, value in batch().items() if name in ("photo", "content")
    }
    full = {name: value.float() for name, value in images.items()}
    change = data.SelfAugmentedReference(warp=True)
    half, whole = (change({**batch(), **each}, 3, 1) for each in (images, full))
    for name in ("content", "reference", "truth", "warp"):
        assert half[name].dtype == dtype
        assert torch.equal(half[name], whole[name].to(dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_moves_no_pixel_of_a_reference_and_no_stroke(dtype):
    change = data.SelfAugmentedReference(strokes=data.StrokeAugmentation(ink=0.5, pencil=0.5))
    given = batch()
    whole = change(given, 3, 1)
    with torch.autocast("cpu", dtype):
        found = change(given, 3, 1)
    for name in ("content", "reference", "truth"):
        assert torch.equal(found[name], whole[name])


def test_colours_keep_their_type_under_another_default():
    given = batch()
    torch.set_default_dtype(torch.float64)
    try:
        made = data.SelfAugmentedReference()(given, 3, 1)
    finally:
        torch.set_default_dtype(torch.float32)
    assert made["reference"].dtype == torch.float32


@pytest.mark.parametrize("value", [*NO_TENSORS, LABELS])
def test_what_cannot_be_rounded_to_bytes_is_refused(value):
    with pytest.raises(ValueError, match=r"^to_uint8 expects [^\n]*, got "):
        to_uint8(value)
