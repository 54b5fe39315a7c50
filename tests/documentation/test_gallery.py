"""No picture of the documentation is older than the code that it shows."""

import json
import math
import re
from pathlib import Path

import pytest
import torch

from docs.gallery import pictures, screens, sheets

ROOT = Path(__file__).parents[2]
pytest.importorskip("openpeople", reason="without openpeople there is nobody to draw")


@pytest.mark.parametrize("make", pictures.MAKERS, ids=lambda make: make.__name__)
def test_pictures_are_what_the_code_makes_today(make):
    assert old_pictures(make) == {}, "python -m docs.gallery"


@pytest.mark.parametrize("make", pictures.TRAINED, ids=lambda make: make.__name__)
def test_what_a_training_shows_looks_as_the_code_draws_it_today(make):
    """Its numbers are another processor's; that there is such a picture, of this size, is ours."""
    with torch.inference_mode():
        differences = {name: sheets.difference(image, name) for name, image in make()}
    assert differences
    assert math.inf not in differences.values(), "python -m docs.gallery"


@pytest.mark.parametrize("make", pictures.WITH_WEIGHTS, ids=lambda make: make.__name__)
def test_pictures_that_need_weights_are_what_the_code_makes_today(make):
    weights = pictures.WITH_WEIGHTS[make]
    if not weights.is_file():
        pytest.skip(f"no {weights.name}: docs/gallery.md says how to get it")
    assert old_pictures(make) == {}, "python -m docs.gallery"


def old_pictures(make):
    with torch.inference_mode():
        differences = {name: sheets.difference(image, name) for name, image in make()}
    return {name: levels for name, levels in differences.items() if levels > sheets.TOLERANCE}


def test_screens_are_of_the_page_of_today():
    made_from = json.loads(screens.RECORD.read_text("utf-8"))
    assert made_from == {"study": screens.page_hash()}, "python -m docs.gallery --screens"


def test_every_picture_of_the_gallery_is_shown_on_a_page():
    text = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    shown = set(re.findall(r"pictures/gallery/(\S+?\.webp)", text))
    assert shown == {path.name for path in sheets.FOLDER.glob("*.webp")}


def test_a_picture_with_a_small_change_of_colour_is_seen_as_old(tmp_path):
    image = torch.rand(3, 60, 50, generator=torch.Generator().manual_seed(0))
    sheets.save(image, "face", tmp_path)
    assert sheets.difference(image, "face", tmp_path) == 0
    image[0, 20:40, 10:30] += 0.08  # A patch, a little redder.
    assert sheets.difference(image.clamp(0, 1), "face", tmp_path) > sheets.TOLERANCE
    assert sheets.difference(image[:, :40], "face", tmp_path) == float("inf")
    assert sheets.difference(image, "nobody", tmp_path) == float("inf")
