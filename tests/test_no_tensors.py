"""Functions of tensors refuse in one sentence what is none, and numbers that they would misread."""

import numpy as np
import pytest
import torch

from flowcolor import color
from flowcolor.data import boxes_of_labels, clean, crisp, photo_marks
from flowcolor.evaluation import plots, style_gallery
from flowcolor.face_alignment import align_reference
from flowcolor.io import resizing
from flowcolor.layers.functional.scale import positive_scale
from flowcolor.models import (
    Hints,
    ab_bins,
    attended_moments,
    bits_per_dim,
    box_files,
    chroma_paint,
    collapse,
    color_symbols,
    face_parts,
    find_boxes,
    noise_blocks,
)
from flowcolor.pretrained import face_finder
from flowcolor.training.objectives.triplet import triplet

IMAGE = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
IMAGES, MAP = IMAGE[None], IMAGE[None, :1]
FEATURES = torch.rand(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
ROWS, BOX = torch.rand(4, 3), torch.tensor([[1.0, 1.0, 8.0, 8.0]])
NESTED = torch.nested.nested_tensor([torch.rand(3, 8)] * 2, layout=torch.jagged)
SIZE = (64, 64)

# What is called, and what it takes.
FLOATS = {
    "lab_of": (color.lab_of, [IMAGES]),
    "clean_drawing": (clean.clean_drawing, [IMAGE]),
    "crisp": (crisp.crisp, [IMAGE] * 3),
    "region_marks": (photo_marks.region_marks, [IMAGE]),
    "edge_marks": (photo_marks.edge_marks, [IMAGE]),
    "align_reference": (lambda *images: align_reference(*images, SIZE), [IMAGE, IMAGE]),
    "latent_spread": (collapse.is_collapsed, [ROWS]),
    "differences": (plots.differences, [IMAGE, IMAGE]),
    "histograms": (plots.histograms, [IMAGE]),
    "oriented_gradients": (face_finder.oriented_gradients, [MAP]),
    "cells_of": (lambda image: face_finder.cells_of(image, "photo"), [IMAGES]),
    "boxes_of": (lambda image: find_boxes.boxes_of(image, "quadrants"), [IMAGES]),
    "positive_scale": (lambda raw: positive_scale(raw, "bounded"), [ROWS]),
    "triplet": (triplet, [FEATURES, FEATURES, FEATURES[..., :2]]),
    "soft_targets": (ab_bins.soft_targets, [FEATURES[:, :2]]),
    "annealed_mean": (lambda x: ab_bins.annealed_mean(x, 0.4), [torch.rand(1, 529, 2, 2)]),
    "rebalancing": (ab_bins.rebalancing, [torch.rand(529)]),
    "attended_moments": (attended_moments.attended_moments, [FEATURES] * 3),
    "normalized": (attended_moments.normalized, [FEATURES]),
    "to_bins": (color_symbols.to_bins, [IMAGES]),
    "embed_log_snr": (lambda ratio: noise_blocks.embed_log_snr(ratio, 8), [ROWS[0]]),
    "paint_chroma": (chroma_paint.paint_chroma, [IMAGES, IMAGES[:, :2]]),
    "style_gallery": (
        lambda content, photo: style_gallery.style_gallery(
            lambda _, reference: reference, [content], [photo]
        ),
        [IMAGE, IMAGE],
    ),
    "part_of": (lambda image: face_parts.part_of("mouth", image), [IMAGES]),
}
OTHERS = {
    "resize": (lambda image: resizing.resize(image, (8, 8)), [IMAGE]),
    "center_square": (resizing.center_square, [IMAGE]),
    "boxes_of_labels": (boxes_of_labels, [torch.ones(8, 8, dtype=torch.uint8)]),
    "bits_per_dim": (lambda density: bits_per_dim(density, 8), [ROWS[0]]),
    "Hints": (Hints, [IMAGES, MAP]),
    "Hints with boxes": (lambda box: Hints(IMAGES, MAP, [box]), [BOX]),
}
ALL = FLOATS | OTHERS


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_plain_tensor_is_refused(name):
    function, arguments = ALL[name]
    function(*arguments)
    for place, own in enumerate(arguments):
        for given, kind in (
            (None, "None"),
            ("x", "str"),
            ([own], "list"),
            (np.zeros((3, 8, 8)), "ndarray"),
            (own.to_sparse(), "layout"),
            (NESTED, "nested"),
        ):
            wrong = [*arguments[:place], given, *arguments[place + 1 :]]
            with pytest.raises(
                ValueError, match=rf"^{name} expects [^\n]*tensors?[^\n]*, got .*{kind}"
            ):
                function(*wrong)


@pytest.mark.parametrize("name", FLOATS)
def test_whole_numbers_are_refused(name):
    function, arguments = FLOATS[name]
    for place, own in enumerate(arguments):
        for kind in (torch.uint8, torch.int64, torch.bool):
            wrong = [*arguments[:place], own.to(kind), *arguments[place + 1 :]]
            with pytest.raises(
                ValueError, match=rf"^{name} expects [^\n]*float [^\n]*, got .*{kind}"
            ):
                function(*wrong)


@pytest.mark.parametrize("name", [name for name in ALL if name != "center_square"])
def test_complex_numbers_and_floats_of_one_byte_are_refused(name):
    function, arguments = ALL[name]
    for place, own in enumerate(arguments):
        for kind in (torch.complex64, torch.float8_e4m3fn):
            wrong = [*arguments[:place], own.to(kind), *arguments[place + 1 :]]
            with pytest.raises(ValueError, match=rf"^{name} expects [^\n]*, got .*{kind}"):
                function(*wrong)


@pytest.mark.parametrize("name", ["align_reference", "differences", "histograms", "style_gallery"])
def test_images_of_bytes_made_floats_are_refused(name):
    function, arguments = FLOATS[name]
    for place, own in enumerate(arguments):
        wrong = [*arguments[:place], 255 * own, *arguments[place + 1 :]]
        with pytest.raises(
            ValueError, match=rf"^{name} expects images with values in \[0, 1\], got"
        ):
            function(*wrong)


def test_images_of_bytes_made_floats_are_refused_as_plots(tmp_path):
    for place in (0, 1, 3):
        arguments = [IMAGE, IMAGE, tmp_path / "plots.png", IMAGE]
        arguments[place] = 255 * IMAGE
        with pytest.raises(ValueError, match=r"^draw_plots expects images with values in \[0, 1\]"):
            plots.draw_plots(*arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", [name for name in FLOATS if name not in ("rebalancing", "positive_scale")]
)
def test_tensors_of_fewer_axes_are_refused(name):
    function, arguments = FLOATS[name]
    for place, own in enumerate(arguments):
        wrong = [*arguments[:place], own[0], *arguments[place + 1 :]]
        with pytest.raises(ValueError, match=rf"^{name} expects [^\n]*, got "):
            function(*wrong)


@pytest.mark.parametrize("mark", [photo_marks.region_marks, photo_marks.edge_marks])
def test_marks_of_photographs_that_are_not_finite_are_refused(mark):
    broken = IMAGE.clone()
    broken[0, 0, 0] = torch.nan
    with pytest.raises(
        ValueError, match=r"^\w+_marks expects finite values, got NaN or infinity\.$"
    ):
        mark(broken)
    assert mark(IMAGE.clone().requires_grad_()).equal(mark(IMAGE))


def test_drawings_of_another_precision_are_enlarged_alike():
    exact = crisp.crisp(IMAGE, IMAGE, IMAGE)
    for kinds in [(torch.float64,) * 3, (torch.float64, torch.float32, torch.float32)]:
        images = [IMAGE.to(kind) for kind in kinds]
        torch.testing.assert_close(crisp.crisp(*images), exact.double(), atol=1e-6, rtol=0)
    assert crisp.crisp(IMAGE, IMAGE, IMAGE.half()).dtype == torch.float32


def test_images_of_half_precision_are_resized():
    half = resizing.resize(IMAGE.half(), (8, 8))
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), resizing.resize(IMAGE, (8, 8)), atol=1e-3, rtol=0)
    for size in (4, (4,), (4, 4, 4)):
        with pytest.raises(ValueError, match=r"^resize expects size to be a height and a width"):
            resizing.resize(IMAGE, size)


def test_parts_that_are_missing_or_of_another_size_are_refused_when_pasted():
    faces = {name: face_parts.part_of(name, IMAGES) for name in face_parts.PARTS}
    face_parts.paste(faces)
    with pytest.raises(ValueError, match=r"^paste expects features of all parts, got none of nose"):
        face_parts.paste({name: part for name, part in faces.items() if name != "nose"})
    with pytest.raises(ValueError, match=r"^paste expects features of mouth of shape "):
        face_parts.paste(faces | {"mouth": IMAGES})
    with pytest.raises(ValueError, match=r"^part_of expects name to be one of \['whole', "):
        face_parts.part_of("ear", IMAGES)


@pytest.mark.parametrize(
    ("contents", "references", "own"),
    [([], [IMAGE], None), ([IMAGE], [IMAGE[:, 1:]], None), ([IMAGE], [IMAGE], [IMAGE, IMAGE])],
)
def test_galleries_of_no_content_and_of_other_sizes_are_refused(contents, references, own):
    with pytest.raises(ValueError, match=r"^style_gallery expects [^\n]*, got "):
        style_gallery.style_gallery(lambda _, photo: photo, contents, references, own)


@pytest.mark.parametrize(
    "arguments", [("x", BOX, 16, 16), (None, BOX, -1, 16), (None, BOX, 16, 2.0)]
)
def test_boxes_without_a_size_and_beside_no_hints_are_refused(arguments):
    with pytest.raises(ValueError, match=r"^with_boxes expects [^\n]*, got "):
        box_files.with_boxes(*arguments)
