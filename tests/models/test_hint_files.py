"""Colours that somebody painted on a picture, read from a file."""

import re
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from flowcolor.errors import InputError
from flowcolor.io.images import read_image
from flowcolor.models import Hints
from flowcolor.models.hint_files import read_hints, without_rims

RED = (200, 30, 40)


@pytest.fixture
def gray(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "gray.png")
    return tmp_path / "gray.png"


def marked(gray, paint=lambda draw: draw.rectangle((4, 5, 8, 9), RED), name="marked.png"):
    picture = Image.open(gray).convert("RGB")
    paint(ImageDraw.Draw(picture))
    picture.save(gray.parent / name)
    return gray.parent / name


def layer(gray, alpha, size=(30, 20)):
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((4, 5, 8, 9), (*RED, alpha))
    picture.save(gray.parent / "layer.png")
    return gray.parent / "layer.png"


@pytest.mark.parametrize("alpha", [255, 60])
def test_a_layer_gives_a_colour_wherever_it_is_not_transparent(gray, alpha):
    hints = read_hints(layer(gray, alpha), read_image(gray))
    expected = torch.zeros(1, 1, 20, 30)
    expected[..., 5:10, 4:9] = 1
    assert torch.equal(hints.mask, expected)
    found = hints.colors[0, :, 7, 6] * 255
    assert torch.allclose(found, torch.tensor(RED).float(), atol=1)


def test_a_copy_gives_a_colour_where_it_differs_but_not_at_the_rim(gray):
    hints = read_hints(marked(gray), read_image(gray))
    expected = torch.zeros(1, 1, 20, 30)
    expected[..., 6:9, 5:8] = 1
    assert torch.equal(hints.mask, expected)
    assert torch.allclose(hints.colors[0, :, 7, 6] * 255, torch.tensor(RED).float())


def test_a_copy_gives_a_colour_where_its_channels_differ_by_more_than_a_hundredth_in_sum(tmp_path):
    Image.new("L", (20, 20), 100).save(tmp_path / "gray.png")
    content = read_image(tmp_path / "gray.png")
    picture = Image.open(tmp_path / "gray.png").convert("RGB")
    ImageDraw.Draw(picture).rectangle((0, 0, 8, 8), RED)
    ImageDraw.Draw(picture).rectangle((12, 12, 14, 14), (101, 99, 100))  # 2 of 255 levels.
    picture.save(tmp_path / "marked.png")
    assert read_hints(tmp_path / "marked.png", content).mask[..., 12:, 12:].sum() == 0
    ImageDraw.Draw(picture).rectangle((12, 12, 14, 14), (102, 99, 100))  # 3 of them, 0.0118.
    picture.save(tmp_path / "marked.png")
    assert read_hints(tmp_path / "marked.png", content).mask.nonzero()[-1].tolist() == [
        0,
        0,
        13,
        13,
    ]


def test_a_copy_may_be_opaque_by_a_layer_of_its_own_and_of_a_photograph_in_colour(gray, tmp_path):
    color = torch.rand(3, 20, 30).mul(255).byte().movedim(0, 2).numpy()
    Image.fromarray(color).save(tmp_path / "photo.png")
    copy = marked(tmp_path / "photo.png")
    Image.open(copy).convert("RGBA").save(copy)
    assert read_hints(copy, read_image(tmp_path / "photo.png")).mask.sum() == 9
    Image.open(tmp_path / "photo.png").convert("L").save(gray)
    assert read_hints(marked(gray), read_image(tmp_path / "photo.png")).mask.sum() == 9


def test_dots_and_thin_lines_are_all_rim_and_kept():
    mask = torch.zeros(12, 20, dtype=torch.bool)
    mask[2, 3] = mask[6, 5:15] = True
    assert torch.equal(without_rims(mask), mask)
    mask[9:12, 2:6] = True  # It goes on beyond the border of the picture, where it has no rim.
    assert without_rims(mask)[9:].nonzero().tolist() == [[1, 3], [1, 4], [2, 3], [2, 4]]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda gray: gray,
            "expects marks in colour, got none: it is empty or equals the picture.",
        ),
        (
            lambda gray: layer(gray, 0),
            "expects marks in colour, got none: it is empty or equals the picture.",
        ),
        (
            lambda gray: layer(gray, 255, (31, 20)),
            "expects the size of its picture, 30x20, got 31x20.",
        ),
        (
            lambda gray: marked(gray, lambda draw: draw.rectangle((4, 5, 8, 9), (90, 90, 90))),
            "expects marks in colour, got 9 pixels of grey.",
        ),
        (
            lambda gray: marked(gray, lambda draw: draw.rectangle((0, 0, 29, 19), RED)),
            "losslessly saved, got one that differs from it at 100% of its pixels.",
        ),
        (
            lambda gray: marked(gray, name="marked.jpg"),
            "expects a copy of the picture with some marks, losslessly saved, got one that differs",
        ),
        (lambda gray: gray.parent / "none.png", "none.png does not exist; expected an image file."),
    ],
    ids=["equal", "transparent", "size", "grey", "everything", "jpeg", "missing"],
)
def test_what_gives_no_hints_is_one_sentence(gray, make, expected):
    with pytest.raises(InputError, match=re.escape(expected)):
        read_hints(make(gray), read_image(gray))


def test_noise_around_strokes_gives_no_hints(tmp_path):
    page = Image.new("L", (60, 60), 255)
    page.paste(0, (10, 10, 12, 50))
    page.save(tmp_path / "page.png")
    drawing = read_image(tmp_path / "page.png")
    mark = partial(
        marked, tmp_path / "page.png", lambda draw: draw.rectangle((30, 30, 40, 40), RED)
    )
    assert read_hints(mark(name="marked.png"), drawing).mask.sum() == 81
    for name, kind in (("marked.jpg", "JPEG"), ("marked.webp", "WEBP")):
        with pytest.raises(InputError, match=rf"losslessly saved, got a {kind}, whose noise would"):
            read_hints(mark(name=name), drawing)
    page.save(tmp_path / "page.jpg")
    with pytest.raises(InputError, match=r"got none: it is empty or equals the picture\.$"):
        read_hints(tmp_path / "page.jpg", read_image(tmp_path / "page.jpg"))


def test_a_layer_that_is_painted_everywhere_is_one_sentence(gray, tmp_path):
    Image.new("RGBA", (30, 20), (*RED, 200)).save(tmp_path / "full.png")
    with pytest.raises(InputError, match=r"expects transparency where no colour is given, got no"):
        read_hints(tmp_path / "full.png", read_image(gray))


def test_no_hint_is_lost_at_another_size():
    mask = torch.zeros(1, 1, 64, 48)
    mask[..., 13, 30] = 1
    colors = torch.full((1, 3, 64, 48), torch.nan)
    colors[..., 13, 30] = torch.tensor([0.2, 0.6, 0.4])
    for size in ((8, 6), (128, 96), (1, 1)):
        hints = Hints(colors, mask).resized(*size)
        where = hints.mask[0, 0] > 0
        assert where.any()
        if size != (1, 1):
            assert where.float().mean() < 0.1
        expected = torch.tensor([0.2, 0.6, 0.4])[:, None].expand(-1, int(where.sum()))
        assert torch.allclose(hints.colors[0][:, where], expected, atol=1e-4)


def test_boxes_go_with_their_picture():
    boxes = [torch.tensor([[4.0, 2.0, 8.0, 6.0]])]
    hints = Hints(torch.rand(1, 3, 8, 16), torch.ones(1, 1, 8, 16), boxes)
    assert hints.resized(16, 32).boxes[0].tolist() == [[8, 4, 16, 12]]
    assert hints.cropped(1, 3, 8, 16).boxes[0].tolist() == [[1, 1, 5, 5]]
    padded = hints.padded(10, 20)
    assert padded.mask.shape == (1, 1, 10, 20)
    assert padded.mask.sum() == 8 * 16
