"""Painting at the model's size, and the way back from there."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import flowcolor
from flowcolor.app.data_urls import from_data_url
from flowcolor.app.examples import examples
from flowcolor.errors import InputError
from flowcolor.io.resizing import resize
from flowcolor.models import ArtFlow, SketchColorFlow, Unchanged
from flowcolor.working_size import pad, run
from tests.models.helpers import trained, trained_art_flow, trained_cinn, trained_full_glow


class Echo(Unchanged):
    """Gives every drawing back as it is, so that only what happens around a model shows."""

    reference = "optional"
    multiple = 8


def test_padding_does_not_move_the_drawing():
    image = torch.rand(1, 3, 9, 14)
    padded = pad(image, 4)
    assert padded.shape == (1, 3, 12, 16)
    assert torch.equal(padded[..., :9, :14], image)
    assert pad(torch.rand(1, 3, 1, 1), 4).shape == (1, 3, 8, 8)
    assert pad(torch.rand(1, 3, 1, 5), 4, least=1).shape == (1, 3, 4, 8)


def test_padding_is_cropped_away_again():
    sketch = torch.rand(3, 13, 21)  # Padded to 16 x 24 for the model.
    ran = run(Echo(), sketch, torch.rand(3, 30, 40), None)
    assert ran.worked_at == (16, 24)
    assert torch.equal(ran.result, sketch)


class Singular(Echo):
    """Its weights are finite, and lose what they are given."""

    def colorize(self, content, reference=None, **options):
        return torch.linalg.inv(torch.zeros(3, 3))


def test_weights_that_cannot_be_inverted_are_one_sentence():
    with pytest.raises(InputError, match="Singular expects weights that can be inverted, got a m"):
        run(Singular(), torch.rand(3, 8, 8), None, None)


@pytest.mark.parametrize(("build", "refers"), [(trained_cinn, False), (trained_full_glow, True)])
def test_the_same_picture_is_coloured_alike_every_time(build, refers):
    model, (picture, photo) = build(), pair()
    reference = photo if refers else None
    torch.manual_seed(0)
    first = run(model, picture, reference, None).result
    drawn = torch.rand(1)
    again = run(model, picture, reference, None).result
    assert torch.equal(first, again)
    chance = torch.Generator().manual_seed(1)
    others = model.colorize(picture[None], photo[None] if refers else None, generator=chance)
    assert not torch.allclose(others[0].clamp(0, 1), again.clamp(0, 1), atol=1e-3)
    torch.manual_seed(0)  # Nor does it take from the numbers that somebody else draws.
    assert torch.equal(torch.rand(1), drawn)


def pair():
    return resize(torch.rand(2, 3, 8, 8), (16, 16))


def test_the_check_is_small_for_a_flow_and_large_for_one_that_forgets(monkeypatch):
    model = trained(downsamplings=2, ccbs=1)
    good = run(model, *pair(), None, check=True).errors
    assert max(good) < 1e-3
    decode = SketchColorFlow.decode
    monkeypatch.setattr(SketchColorFlow, "decode", lambda *a: (decode(*a) * 8).round() / 8)
    assert min(run(model, *pair(), None, check=True).errors) > 1e-3


def test_the_check_of_any_other_invertible_method_is_of_photograph_and_latent(monkeypatch):
    model = trained_art_flow()
    good = run(model, *pair(), None, check=True).errors
    assert max(good.photo, good.latent) < 1e-4
    assert math.isnan(good.drawing)
    decode = ArtFlow.decode
    monkeypatch.setattr(ArtFlow, "decode", lambda *a, **k: 1.1 * decode(*a, **k))
    bad = run(model, *pair(), None, check=True).errors
    assert min(bad.photo, bad.latent) > 1e-3


def test_a_drawing_that_float32_would_lose_a_digit_of_is_painted_in_float64(monkeypatch):
    model, (sketch, reference) = trained(downsamplings=2, ccbs=1), pair()
    narrow = run(model, sketch, reference, None, check=True)
    assert narrow.errors.drawing > 1e-9
    monkeypatch.setattr("flowcolor.working_size._HALF_STEP", 0.0)
    wide = run(model, sketch, reference, None, check=True)
    assert max(wide.errors) < 1e-11
    assert wide.result.dtype == torch.float32
    assert torch.allclose(wide.result, narrow.result, atol=1e-4)
    assert next(model.parameters()).dtype == torch.float32


def test_every_line_of_a_scribble_can_be_recovered_from_what_the_packaged_model_paints():
    page = Image.new("L", (512, 512), 255)
    draw = ImageDraw.Draw(page)
    angles = np.linspace(0, 2 * np.pi, 24)
    face = np.stack([256 + 153.6 * np.cos(angles), 256 + 153.6 * np.sin(angles)], 1)
    for stroke in (face.ravel().tolist(), (204, 230, 230, 230), (204, 317, 307, 317)):
        draw.line(stroke, fill=0, width=4)
    drawing = torch.from_numpy(np.array(page) / 255).float().expand(3, -1, -1)
    photo = from_data_url(examples("photo")[0].picture, "It", 256)
    painter = flowcolor.load("faces")
    # In float32 alone 0.0022 are lost: more than half a step of eight bits.
    assert painter(drawing, photo, clean=False, check=True).sketch_error < 0.5 / 255
