"""Colour dots of the page: they reach the model as hints, or are refused in one sentence."""

import json

import httpx
import pytest
import torch

from flowcolor.app.answer import DRAWN_HERE, NO_DOTS, answer
from flowcolor.app.data_urls import from_data_url, to_data_url
from flowcolor.app.dots import MOST, Dot, read_dots, to_hints
from flowcolor.app.examples import examples
from flowcolor.errors import InputError
from flowcolor.inference import load
from flowcolor.models import Hints
from flowcolor.painting import How

PHOTO = examples("photo")[0].picture
RED = [0.5, 0.25, "#FF0000"]


@pytest.fixture(scope="module")
def painter():
    return load("faces")


def frame(side=64):
    page = torch.ones(3, side, side)
    page[:, 8:10, 8:-8] = page[:, -10:-8, 8:-8] = page[:, 8:-8, 8:10] = 0
    return page


def drawn_here(page):
    return to_data_url(page).replace("data:image/png;", DRAWN_HERE)


def call(link, *drawing):
    """Ask a server as the page does, and return the picture and the text of its answer."""
    address = f"{link}/gradio_api/call/paint"
    data = [*drawing, PHOTO, "keep", "trained", True, True, False]
    event = httpx.post(address, json={"data": data}, timeout=120).json()["event_id"]
    lines = httpx.get(f"{address}/{event}", timeout=120).text.splitlines()
    assert lines[0] == "event: complete"
    return json.loads(lines[1].removeprefix("data: "))


def test_dots_of_the_page_reach_the_model_and_the_lines_stay(painter):
    page, mask = frame(), torch.zeros(1, 1, 64, 64)
    mask[..., 16, 32] = 1  # Of 64 pixels, two percent are one.
    red = torch.tensor([1.0, 0.0, 0.0])[None, :, None, None].expand(1, 3, 64, 64)
    photo = from_data_url(PHOTO, "It", 1000)
    expected = painter(page, photo, hints=Hints(red, mask), clean=False).image
    got = answer(painter, drawn_here(page), PHOTO, How(), [RED])
    picture = from_data_url(got.picture, "It", 100)
    assert torch.equal(picture, torch.round(expected * 255) / 255)
    assert float(picture[:, page[0] == 0].amax()) == 0
    plain = answer(painter, drawn_here(page), PHOTO, How())
    other = from_data_url(plain.picture, "It", 100)
    change = (picture - other)[:, 12:20, 28:36].mean((1, 2))
    assert float(change[0] - change[1:].mean()) > 0.1  # Redder.


def test_lines_can_be_recovered_from_a_picture_with_dots(painter):
    dots = [RED, [0.5, 0.8, "#0040ff"]]
    got = answer(painter, drawn_here(frame()), PHOTO, How(check=True), dots)
    assert got.text.startswith("Every line can be recovered: largest error 0.00")


def test_dots_beside_the_strokes_of_an_opened_drawing_are_no_trouble(painter):
    page = torch.ones(3, 96, 96)
    page[:, 8:40, 8:10] = page[:, 8:10, 8:40] = 0
    got = answer(painter, to_data_url(page), PHOTO, How(), [[1, 1, "#ff0000"]])
    assert got.picture
    assert "cut the page to the strokes" in got.text


def test_a_dot_is_a_disc_of_two_percent_of_the_longer_side_at_its_place():
    dots = [Dot(0.25, 0.5, (0.0, 1.0, 0.0)), Dot(1.0, 1.0, (0.0, 0.0, 1.0))]
    hints = to_hints(dots, 100, 200)
    row, column = hints.mask[0, 0, :, :100].nonzero().double().mean(0)
    assert (float(row), float(column)) == (50, 50)
    assert int(hints.mask[..., :100].sum()) == 13  # Pixels not farther than 2 from one of them.
    assert hints.colors[0, :, 50, 50].tolist() == [0, 1, 0]
    assert hints.colors[0, :, 99, 199].tolist() == [0, 0, 1]


def test_of_two_dots_at_one_place_the_later_counts():
    dots = [Dot(0.5, 0.5, (0.0, 1.0, 0.0)), Dot(0.5, 0.5, (0.0, 0.0, 1.0))]
    assert to_hints(dots, 9, 9).colors[0, :, 4, 4].tolist() == [0, 0, 1]
    assert to_hints([], 9, 9) is None


@pytest.mark.parametrize(
    "dots",
    [
        "#ff0000",
        [[0.5, 0.5]],
        [[0.5, 0.5, "red"]],
        [[0.5, 0.5, "#ff00000"]],
        [[0.5, 0.5, 7]],
        [[1.01, 0.5, "#ff0000"]],
        [[0.5, float("nan"), "#ff0000"]],
        [[0.5, "0.5", "#ff0000"]],
        [{"x": "y" * 10000}],
        [RED] * (MOST + 1),
    ],
)
def test_broken_dots_are_one_sentence(painter, dots):
    got = answer(painter, drawn_here(frame()), PHOTO, How(), dots)
    assert got.picture == ""
    assert got.text.startswith(("A colour dot expects", "The colour dots expect"))
    assert got.text.count(", got ") == 1
    assert got.text.endswith(".")
    assert len(got.text) < 160


@pytest.mark.slow
def test_a_server_takes_dots_with_the_drawing_and_survives_broken_ones(painter, start):
    link, drawing = start().link, drawn_here(frame())
    picture, text = call(link, {"picture": drawing, "dots": [RED, [0.5, 2, "#ff0000"]]})
    assert (picture, text[:17]) == ("", "A colour dot expe")
    picture, text = call(link, {"picture": ["x"], "dots": [RED]})
    assert (picture, text) == ("", "The drawing is not a picture in a data URL.")
    picture, _ = call(link, {"picture": drawing, "dots": [RED]})
    assert picture == answer(painter, drawing, PHOTO, How(), [RED]).picture
    assert picture != answer(painter, drawing, PHOTO, How()).picture


def test_dots_are_refused_where_the_model_takes_none_and_asked_for_where_it_needs_some():
    drawing = drawn_here(frame())
    refused = answer(load("tint"), drawing, PHOTO, How(), [RED])
    assert refused == ("", "This model takes no colour dots, got 1.")
    assert answer(load("tint"), drawing, PHOTO, How(), []).picture
    assert answer(load("levin"), drawing, None, How(), []) == ("", NO_DOTS)
    with pytest.raises(InputError, match="takes no colour dots"):
        read_dots([RED], taken=False)
