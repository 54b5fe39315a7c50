"""What the page answers, without a server: the picture, or one sentence."""

import base64
import io
from dataclasses import replace

import pytest
import torch
from PIL import Image

from flowcolor.app.answer import DRAWN_HERE, NO_REFERENCE, NOTHING_DRAWN, answer
from flowcolor.app.data_urls import MOST_BYTES, from_data_url, to_data_url
from flowcolor.app.examples import examples
from flowcolor.app.uploads import open_upload
from flowcolor.data import open_portraits
from flowcolor.inference import load
from flowcolor.io.resizing import resize
from flowcolor.painting import How

PHOTO = examples("photo")[0].picture


@pytest.fixture(scope="module")
def painter():
    return load("faces")


def url_of(picture, form="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, format=form, **options)
    return f"data:whatever;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def strokes(shade=0.0, side=64):
    """A frame and a diagonal on white paper."""
    page = torch.ones(3, side, side)
    page[:, 8:10, 8:-8] = page[:, -10:-8, 8:-8] = page[:, 8:-8, 8:10] = shade
    index = torch.arange(12, side - 12)
    page[:, index, index] = shade
    return page


def drawn_here(page):
    return to_data_url(page).replace("data:image/png;", DRAWN_HERE)


def test_a_picture_survives_its_text_to_the_byte():
    image = torch.randint(0, 256, (3, 7, 5)) / 255
    assert torch.equal(from_data_url(to_data_url(image), "It", 100), image)


def test_the_picture_has_the_lines_of_the_drawing_and_the_painters_colours(painter):
    page = strokes()
    got = answer(painter, drawn_here(page), PHOTO, How(check=True))
    picture = from_data_url(got.picture, "It", 100)
    photo = from_data_url(PHOTO, "It", 1000)
    assert torch.equal(picture, torch.round(painter(page, photo, clean=False).image * 255) / 255)
    assert float(picture[:, page[0] == 0].amax()) == 0
    assert got.text.startswith("Every line can be recovered: largest error 0.00")


def test_what_is_drawn_in_the_page_is_not_cut_and_what_is_opened_is(painter):
    page = torch.ones(3, 96, 96)
    page[:, 8:40, 8:10] = page[:, 8:10, 8:40] = 0
    here = answer(painter, drawn_here(page), PHOTO, How())
    opened = answer(painter, to_data_url(page), PHOTO, How())
    assert "cut the page to the strokes" in opened.text
    assert "cut" not in here.text
    corner = [from_data_url(got.picture, "It", 96)[:, 80:, 80:] for got in (here, opened)]
    assert float(corner[0].amin()) < 0.99  # Painted.
    assert float(corner[1].amin()) == 1  # Left as paper.


@pytest.mark.parametrize(
    ("drawing", "reference", "sentence"),
    [
        ("", PHOTO, NOTHING_DRAWN),
        (None, PHOTO, NOTHING_DRAWN),
        (drawn_here(torch.ones(3, 9, 9)), PHOTO, NOTHING_DRAWN),
        (to_data_url(torch.ones(3, 9, 9)), PHOTO, "A drawing expects dark strokes on paper"),
        (to_data_url(strokes()), "", NO_REFERENCE),
        ("data:image/png;base64,AAAA", PHOTO, "The drawing is not an image that Pillow can read."),
        ("data:image/png;base64,ü", PHOTO, "The drawing is not a picture in a data URL."),
        ("data:image/png;base64,A", PHOTO, "The drawing is not a picture in a data URL."),
        ("data:image/png;base64,", PHOTO, "The drawing is empty"),
        ("http://example.org/a.png", PHOTO, "The drawing is not a picture in a data URL."),
        (to_data_url(strokes()), "x", "The reference is not a picture in a data URL."),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(painter, drawing, reference, sentence):
    got = answer(painter, drawing, reference, How())
    assert got.picture == ""
    assert got.text.startswith(sentence)


def test_a_reference_without_colour_is_said_under_the_picture(painter):
    photo = from_data_url(PHOTO, "It", 256).mean(0, keepdim=True).expand(3, -1, -1)
    got = answer(painter, to_data_url(strokes()), to_data_url(photo), How())
    assert got.picture
    assert "Notice: the reference has no colour, and the result will have none." in got.text


def test_a_photograph_as_the_drawing_is_said_without_naming_an_option(painter):
    photo = examples("photo")[1].picture
    got = answer(painter, photo, PHOTO, How())
    assert "let the lines of a photograph be drawn first." in got.text
    assert "--" not in got.text
    lines = answer(painter, photo, PHOTO, How(draw=True))
    assert "photograph" not in lines.text


def test_a_method_without_reference_or_way_back_is_no_trouble():
    grey = load("unchanged")
    got = answer(grey, to_data_url(strokes()), PHOTO, How(check=grey.colorizer.exact))
    assert got.picture
    assert "recovered" not in got.text


def test_options_change_the_picture(painter):
    drawing, usual = to_data_url(strokes()), How()
    ways = [usual, replace(usual, lines="model"), replace(usual, size="96")]
    assert len({answer(painter, drawing, PHOTO, way).picture for way in ways}) == 3


@pytest.mark.parametrize(
    ("form", "mode", "options"),
    [
        ("TIFF", "CMYK", {}),
        ("JPEG", "CMYK", {}),
        ("PNG", "P", {}),
        ("PNG", "LA", {}),
        ("PNG", "I;16", {}),
        ("GIF", "P", {}),
        ("BMP", "1", {}),
        ("WEBP", "RGBA", {"lossless": True}),
    ],
)
def test_odd_formats_are_opened_as_the_browser_shows_them(form, mode, options):
    picture = Image.new("RGB", (8, 4), "white").convert("L")
    picture.paste(0, (0, 0, 4, 4))
    made = picture.convert("RGB").convert(mode) if mode != "I;16" else picture.convert(mode)
    if mode == "I;16":
        made = made.point(lambda value: value * 257)
    got = open_upload(url_of(made, form, **options))
    assert got["problem"] == ""
    image = from_data_url(got["picture"], "It", 100)
    assert image.shape == (3, 4, 8)
    assert float(image[:, :, :3].amax()) < 0.1
    assert float(image[:, :, 5:].amin()) > 0.9


def test_a_picture_of_a_camera_is_upright_and_small():
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by a quarter.
    got = open_upload(url_of(Image.new("RGB", (3000, 1500)), "JPEG", exif=exif))
    assert from_data_url(got["picture"], "It", 5000).shape == (3, 1024, 512)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (url_of(Image.new("1", (8000, 8000))), "The file cannot be read as an image: it has 8000x"),
        (url_of(Image.new("RGB", (60, 60)), "BMP")[:-400], "The file cannot be read as an image"),
        (f"data:a;base64,{'A' * (MOST_BYTES * 4 // 3 + 8)}", "The file expects a file of at most"),
        ("data:text/plain;base64,aGVsbG8=", "The file is not an image"),
        ("data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=", "The file is not an image"),
        ("", "The file is not a picture"),
    ],
    ids=["many pixels", "truncated", "large", "text", "svg", "nothing"],
)  # fmt: skip
def test_what_is_no_picture_is_one_sentence(url, sentence):
    got = open_upload(url)
    assert got["picture"] == ""
    assert got["problem"].startswith(sentence)
    assert got["problem"].endswith(".")


def test_examples_are_the_embedded_portraits():
    for index in range(2):
        item = open_portraits("embedded", 256)[index]
        photo = from_data_url(examples("photo")[index].picture, "It", 256)
        expected = item["photo"]
        if index == 0:  # Her face alone: colours follow places.
            expected = resize(
                open_portraits("embedded", 512)[0]["photo"][:, :370, 70:440], (256, 256)
            )
        assert float((photo - expected).abs().mean()) < 0.03
        drawing = from_data_url(examples("drawing")[index].picture, "It", 512)
        assert float((resize(drawing, (256, 256)) - item["content"]).abs().mean()) < 0.05


def test_a_size_that_is_none_is_one_sentence(painter):
    got = answer(painter, to_data_url(strokes()), PHOTO, How(size="huge"))
    assert got.text.endswith("got 'huge'.")
