"""The face of the reference is laid on that of the drawing, and nothing else is touched."""

from dataclasses import replace

import pytest
import torch

import flowcolor
from flowcolor import face_alignment
from flowcolor.data import GradientLines
from flowcolor.data.datasets.embedded import load_portrait
from flowcolor.face_alignment import align_reference
from flowcolor.inference import Painter
from flowcolor.io.resizing import resize
from flowcolor.pretrained.face_finder import Face, find_face


def portrait(name="grace_hopper", side=256):
    return resize(load_portrait(name)[0], (side, side))


def lines(image):
    return GradientLines()(image, (image.shape[1], image.shape[2])).expand(3, -1, -1).contiguous()


def moved(image, factor, down, right):
    """Shrink a photograph and lay it on a grey page of its own size."""
    height, width = image.shape[1:]
    small = resize(image, (round(height * factor), round(width * factor)))
    page = torch.full_like(image, 0.5)
    page[:, down : down + small.shape[1], right : right + small.shape[2]] = small
    return page


@pytest.mark.parametrize(("factor", "down", "right"), [(0.6, 10, 90), (0.5, 120, 0), (0.75, 60, 5)])
@pytest.mark.parametrize("name", ["grace_hopper", "astronaut"])
def test_what_was_moved_and_shrunk_comes_back(name, factor, down, right):
    photo = portrait(name)
    away = moved(photo, factor, down, right)
    back = align_reference(away, lines(photo), (256, 256))
    assert back.shape == photo.shape
    before, after = ((image - photo).abs().mean() for image in (away, back))
    # What is left: a face is found to some hundredths of its side.
    assert after < 0.45 * before


def test_the_result_has_the_size_at_which_the_drawing_is_painted():
    photo = portrait()
    away = moved(photo, 0.5, 0, 0)
    large = align_reference(away, lines(photo), (256, 256))
    small = align_reference(away, lines(photo), (64, 64))
    assert small.shape == (3, 64, 64)
    assert (resize(large, (64, 64)) - small).abs().mean() < 0.05  # Half a pixel, rounded.


def test_beyond_a_close_portrait_its_border_goes_on():
    photo = portrait()
    close = photo[:, 30:220, 50:220]
    laid = align_reference(close, lines(photo), (256, 256))
    for edge, inside in ((laid[..., 0], laid[..., 20]), (laid[..., -1], laid[..., -15])):
        torch.testing.assert_close(edge, inside)
    torch.testing.assert_close(laid[:, -1], laid[:, -15])
    stretched, inside = resize(close, (256, 256)), (slice(None), slice(40, 200), slice(60, 200))
    before, after = ((image - photo)[inside].abs().mean() for image in (stretched, laid))
    assert after < 0.7 * before


@pytest.mark.parametrize("middle", [(60.0, 70.0), (3.0, 96.0), (197.0, 290.0)])
def test_of_a_reference_that_is_enlarged_only_what_is_seen_is(middle, monkeypatch):
    torch.manual_seed(0)
    reference, drawing = resize(torch.rand(3, 20, 30), (200, 300)), torch.ones(3, 240, 160)
    drawn = Face(120.0, 80.0, 150.0, 9.0)
    monkeypatch.setattr(face_alignment, "find_face", lambda *_: drawn)
    asked = []

    def watched(image, size):
        asked.append(size)
        return resize(image, size)

    monkeypatch.setattr(face_alignment, "resize", watched)
    laid = align_reference(reference, drawing, (240, 160), Face(*middle, 10.0, 9.0))
    # 15 times as large, the whole would have 3000x4500 pixels.
    whole = resize(reference, (3000, 4500))
    rows = (torch.arange(240) + round(middle[0] * 15 - 120)).clamp(0, 2999)
    columns = (torch.arange(160) + round(middle[1] * 15 - 80)).clamp(0, 4499)
    torch.testing.assert_close(laid, whole[:, rows][:, :, columns], atol=0.01, rtol=0)
    ((height, width),) = asked
    assert height <= 240 + 6 * 15
    assert width <= 160 + 6 * 15


def test_what_lies_alike_or_shows_no_face_is_left_alone():
    photo, page = portrait(), torch.linspace(0, 1, 160).expand(3, 200, 160)
    assert align_reference(photo, lines(photo), (256, 256)) is None
    assert align_reference(page, lines(photo), (256, 256)) is None
    assert align_reference(moved(photo, 0.5, 0, 0), torch.ones(3, 90, 90), (90, 90)) is None


def test_a_trained_model_paints_with_the_aligned_reference_unless_told_otherwise():
    painter = flowcolor.load("faces")
    photo = portrait(side=128)
    drawing, away = lines(photo), moved(photo, 0.5, 0, 60)
    painted = painter(drawing, away)
    same = painter(drawing, align_reference(away, drawing, (128, 128)), align=False)
    left = painter(drawing, away, align=False)
    assert painted.aligned
    assert not left.aligned
    torch.testing.assert_close(painted.image, same.image)
    assert (painted.image - photo).abs().mean() < 0.8 * (left.image - photo).abs().mean()


def test_a_face_that_is_known_is_not_looked_for_again(monkeypatch):
    painter = flowcolor.load("faces")
    photo = portrait(side=128)
    drawing, away = lines(photo), moved(photo, 0.5, 0, 60)
    face = painter.face_of(away)
    found = painter(drawing, away).image
    elsewhere = painter(drawing, away, face=replace(face, column=face.column + 40)).image
    assert not torch.equal(found, elsewhere)

    def find_face_of_drawing(image, kind):
        assert kind == "drawing"
        return find_face(image, kind)

    monkeypatch.setattr(face_alignment, "find_face", find_face_of_drawing)
    assert torch.equal(painter(drawing, away, face=face).image, found)
    assert flowcolor.load("tint").face_of(away) is None


def test_a_method_that_has_learned_nothing_of_faces_gets_the_reference_as_it_is():
    painter = flowcolor.load("tint")
    photo = portrait(side=128)
    assert not painter(lines(photo), moved(photo, 0.5, 0, 60)).aligned
    untrained = Painter(painter.colorizer, 128, "tint")
    assert untrained(lines(photo), moved(photo, 0.5, 0, 60)).aligned
