"""A method that sets a reference against the reference's own drawing gets that drawing."""

import pytest
import torch
from torch.testing import assert_close

from flowcolor.data.sketches import GradientLines
from flowcolor.training.objectives.base import colorize_batch
from flowcolor.working_size import run
from tests.models.helpers import images, trained_full_glow


@pytest.fixture
def pair():
    """Return a drawing, a photograph of another and, as the truth, what that one's lines give."""
    model, (content, photo) = trained_full_glow(), images(batch=1)
    drawing = GradientLines()(photo[0], (16, 16)).expand(1, 3, -1, -1)
    expected = model.colorize(content, photo, reference_content=drawing)
    assert not torch.allclose(model.colorize(content, photo), expected, atol=1e-3)
    return model, content, photo, expected


def test_a_batch_without_the_drawing_of_its_reference_is_given_one(pair):
    model, content, photo, expected = pair
    batch = {"content": content, "reference": photo, "truth": photo, "name": ["a"]}
    assert_close(colorize_batch(model, batch), expected)
    own = colorize_batch(model, batch | {"reference_content": content})
    assert_close(own, model.colorize(content, photo, reference_content=content))


def test_painting_draws_the_reference(pair):
    model, content, photo, expected = pair
    assert_close(run(model, content[0], photo[0], None).result, expected[0])


def test_painting_without_a_reference_repeats_itself(pair):
    model, content, *_ = pair
    first, second = (run(model, content[0], None, None).result for _ in range(2))
    assert torch.equal(first, second)
