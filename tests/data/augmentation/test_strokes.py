"""Other hands draw the same face; strokes depend on seed, epoch and index alone."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from torch.testing import assert_close

from flowcolor.color import to_gray
from flowcolor.data import (
    SelfAugmentedReference,
    StrokeAugmentation,
    open_portraits,
)
from flowcolor.data.augmentation.strokes import _ink, _pencil
from flowcolor.errors import InputError
from tests.data.conftest import smooth_photo


def make_batch(indices, size=32):
    portraits = open_portraits("embedded", size)
    items = [portraits[index % 2] for index in indices]
    return {
        "content": torch.stack([item["content"] for item in items]),
        "truth": torch.stack([item["photo"] for item in items]),
        "reference": torch.stack([item["photo"].flip(-1) for item in items]),
        "index": torch.tensor(indices),
        "name": [str(index) for index in indices],
    }


@given(order=st.permutations(range(4)), count=st.integers(1, 4), seed=st.integers(0, 9))
def test_a_drawing_does_not_depend_on_the_rest_of_the_batch(order, count, seed):
    strokes, chosen = StrokeAugmentation(), list(order)[:count]
    whole = strokes(make_batch([0, 1, 2, 3]), seed, 5)["content"]
    part = strokes(make_batch(chosen), seed, 5)["content"]
    assert_close(part, whole[chosen], rtol=0, atol=1e-6)


def test_drawings_of_float64_are_redrawn_in_it():
    single = make_batch([0, 1, 2, 3])
    double = {k: v.double() if k in {"content", "truth"} else v for k, v in single.items()}
    a, b = (StrokeAugmentation()(batch, 0, 5)["content"] for batch in (single, double))
    assert b.dtype == torch.float64
    assert_close(a, b.float(), rtol=0, atol=1e-4)


def test_only_drawings_change_and_stay_drawings():
    batch = make_batch([0, 1, 7])
    before = {key: batch[key] for key in batch}
    after = StrokeAugmentation()(batch, 0, 0)
    assert all(after[key] is before[key] for key in before if key != "content")
    drawing = after["content"]
    assert drawing.shape == batch["content"].shape
    assert 0 <= drawing.min() < drawing.max() <= 1
    assert (drawing[:, 0] == drawing[:, 1]).all()
    assert (drawing[:, 0] == drawing[:, 2]).all()


def test_every_part_of_the_address_draws_anew_and_the_same_address_alike():
    strokes = StrokeAugmentation()
    first = strokes(make_batch([0]), 1, 2)["content"]
    assert (strokes(make_batch([0]), 1, 2)["content"] == first).all()
    for index, seed, epoch in ((2, 1, 2), (0, 3, 2), (0, 1, 4)):
        assert not torch.equal(strokes(make_batch([index]), seed, epoch)["content"], first)


def test_styles_come_as_often_as_asked():
    """Ink and pencil see the truth: on a plain one they draw nothing, while own lines stay."""
    count = 400
    batch = {
        "content": torch.zeros(count, 3, 16, 16),
        "truth": torch.ones(count, 3, 16, 16),
        "index": torch.arange(count),
    }
    for ink, pencil in ((0.0, 0.0), (0.25, 0.0), (0.0, 0.25), (0.5, 0.25)):
        strokes = StrokeAugmentation(ink, pencil, gaps=0.0, wobble=0.0)
        blank = strokes(batch, 0, 0)["content"].amin((1, 2, 3)) > 0.99
        assert blank.float().mean() == pytest.approx(ink + pencil, abs=0.07)


def test_gaps_rub_out_about_as_much_as_asked():
    batch = {
        "content": torch.zeros(200, 3, 32, 32),
        "truth": torch.ones(200, 3, 32, 32),
        "index": torch.arange(200),
    }
    strokes = StrokeAugmentation(0, 0, 0, 0, gaps=0.4)
    ink = 1 - strokes(batch, 0, 0)["content"][:, 0]
    gone = (ink < 0.5 * ink.amax((1, 2), keepdim=True)).float().mean((1, 2))
    assert (gone < 0.02).float().mean() > 0.4  # Half of all drawings stay whole.
    assert 0.25 < gone.quantile(0.95) < 0.45


def test_a_still_hand_copies():
    batch = make_batch([0, 1])
    strokes = StrokeAugmentation(0, 0, 0, 0, 0)
    for epoch in range(9):
        ink = 1 - strokes(batch, 0, epoch)["content"]
        lines = batch["content"] < 0.7
        assert ink[lines].min() > 0.05
        far = torch.nn.functional.max_pool2d(1 - batch["content"], 3, 1, 1) < 0.01
        assert ink[far].max() < 0.1  # Bolder strokes reach one pixel further, not two.


def test_some_hands_are_bolder_and_reach_a_pixel_further():
    batch = make_batch([0])
    strokes = StrokeAugmentation(0, 0, 0, 0, 0)
    near = torch.nn.functional.max_pool2d(1 - batch["content"], 3, 1, 1) > 0.5
    beside = near & (batch["content"] > 0.99)
    reached = [float((1 - strokes(batch, 0, e)["content"])[beside].mean()) for e in range(12)]
    assert min(reached) < 0.02 < 0.1 < max(reached)


def test_ink_and_pencil_are_those_of_scipys_gaussians():
    gray = to_gray(torch.stack([smooth_photo(index, 64, 64) for index in range(2)])).double()
    width = torch.tensor([0.0, 1.0]).double()
    options = {"mode": "nearest", "truncate": 12}

    def blurred(i, sigma):
        return ndimage.gaussian_filter(gray[i, 0].numpy(), sigma / 4, **options)

    for i, (narrow, soft) in enumerate(((1.5, 3), (6, 15))):
        difference = blurred(i, narrow) - 0.98 * blurred(i, 1.6 * narrow)
        ink = 1 + np.tanh(20 * np.minimum(difference, 0))
        pencil = np.minimum((gray[i, 0].numpy() + 1 / 255) / (blurred(i, soft) + 1 / 255), 1)
        assert_close(_ink(gray, width)[i, 0].numpy(), ink, rtol=0, atol=2e-2)
        assert_close(_pencil(gray, width)[i, 0].numpy(), pencil, rtol=0, atol=2e-3)


def test_training_draws_anew_and_evaluation_keeps_the_drawing():
    photo = torch.stack([smooth_photo(index, 24, 24) for index in range(2)])
    batch = {"photo": photo, "content": 1 - photo, "index": torch.arange(2), "name": ["a", "b"]}
    plain, redrawn = (SelfAugmentedReference(strokes=s) for s in (None, StrokeAugmentation()))
    for shared, same in ((True, False), (False, True)):
        one, other = (augment(dict(batch), 0, 0, shared) for augment in (plain, redrawn))
        assert torch.equal(one["content"], other["content"]) is same
        assert torch.equal(one["truth"], other["truth"])
        assert torch.equal(one["reference"], other["reference"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ink": -0.1}, "ink should lie between 0 and 1, got -0.1"),
        ({"gaps": float("nan")}, "gaps should lie between 0 and 1, got nan"),
        ({"ink": 0.7, "pencil": 0.5}, "together should be at most 1, got 1.2"),
    ],
)
def test_bad_strengths_are_named(options, words):
    with pytest.raises(InputError, match=words):
        StrokeAugmentation(**options)
