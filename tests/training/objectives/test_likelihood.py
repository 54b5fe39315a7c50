"""The likelihood of a batch, against the bits that a model gives."""

import re

import pytest
import torch
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.models import SketchColorFlow
from flowcolor.training.objectives import Likelihood
from tests.models.helpers import images, trained_glow


def batch():
    content, truth = images()
    return {"content": content, "truth": truth, "name": ["a", "b"]}


def bits(model, data):
    torch.manual_seed(7)
    return {name: b.mean() for name, b in model.bits(data["content"], data["truth"]).items()}


@pytest.mark.parametrize(
    ("weights", "photo", "content"),
    [(None, 0.5, 0.5), ({"photo": 3.0, "content": 1.0}, 0.75, 0.25), ({"photo": 1.0}, 1.0, 0.0)],
)
def test_the_loss_is_the_weighted_mean_of_the_parts(weights, photo, content):
    model, data = trained_glow(), batch()
    expected = bits(model, data)
    torch.manual_seed(7)
    losses = Likelihood(weights).losses(model, data)
    assert losses.keys() == {"loss", "bits_photo", "bits_content"}
    assert_close(losses["bits_photo"], expected["photo"])
    assert_close(losses["loss"], photo * expected["photo"] + content * expected["content"])


def test_validation_uses_the_same_noise_every_time():
    model, data = trained_glow(), batch()
    first, second = (Likelihood().scores(model, data) for _ in range(2))
    assert first.keys() == {"bits_photo", "bits_content"}
    assert_close(first, second, rtol=0, atol=0)


def test_validation_measures_a_picture_alike_whatever_stands_beside_it():
    """Batches of other sizes, and several processes, measure the same."""
    model = trained_glow().double()
    content, truth = torch.rand(2, 4, 3, 8, 8, dtype=torch.float64)
    whole = {"content": content, "truth": truth, "index": torch.arange(4)}
    dealt = [{name: part[i::2] for name, part in whole.items()} for i in range(2)]
    found = [Likelihood().scores(model, part) for part in (whole, *dealt)]
    for name, value in found[0].items():
        assert_close((found[1][name] + found[2][name]) / 2, value, rtol=1e-12, atol=0)


def test_a_model_that_knows_no_probability_is_refused():
    sentence = (
        "Likelihood expects a colorizer that knows how probable images are, got SketchColorFlow."
    )
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        Likelihood().check(SketchColorFlow(downsamplings=1, nccbs=0, ccbs=1))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"photo": -1.0}, "weights.photo expects a finite number of at least 0, got -1.0."),
        ({"photo": 0.0}, "weights expects one that is not zero, got {'photo': 0.0}."),
        (
            {"photos": 1.0},
            "weights expects photo and content of Glow, got 'photos'; did you mean 'photo'?",
        ),
    ],
)
def test_weights_that_cannot_be_used_are_refused(weights, expected):
    with pytest.raises(InputError, match=f"^{re.escape(expected.rstrip('?'))}"):
        Likelihood(weights).check(trained_glow())
