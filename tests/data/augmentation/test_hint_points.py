"""Simulated hints: their number, their colours, and where they lie."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from flowcolor.data import HintPoints, SelfAugmentedReference
from flowcolor.errors import InputError


def batch(indices=(0, 1, 2), size=32):
    generator = torch.Generator().manual_seed(4)
    photos = torch.rand(8, 3, size, size, generator=generator)
    truth = torch.stack([photos[i % 8] for i in indices])
    return {
        "content": truth.mean(1, keepdim=True).expand(-1, 3, -1, -1),
        "truth": truth,
        "photo": truth,
        "index": torch.tensor(indices),
        "name": [str(i) for i in indices],
    }


def test_a_spot_is_a_square_of_the_mean_colour_of_the_truth():
    given = batch((0,))
    for epoch in range(20):
        made = HintPoints(count=1)(given, 0, epoch)
        mask, colors = made["hint_mask"][0, 0] > 0, made["hint_colors"][0]
        rows, columns = mask.nonzero().unbind(1)
        assert mask.sum() == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
        assert 1 <= mask.sum() <= 81
        mean = given["truth"][0][:, mask].mean(1)
        assert_close(colors[:, mask], mean[:, None].expand(-1, int(mask.sum())))
        assert not colors[:, ~mask].any()


def test_hints_depend_on_seed_epoch_and_index_alone():
    whole, part = (HintPoints()(batch(i), 3, 7) for i in ((0, 1, 2), (2,)))
    for name in ("hint_colors", "hint_mask"):
        assert_close(part[name][0], whole[name][2])
    other = HintPoints(count=5)
    masks = [
        other(batch((i,)), s, e)["hint_mask"]
        for i, s, e in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    ]
    assert not any(torch.equal(masks[0], mask) for mask in masks[1:])


def test_more_points_are_those_of_fewer_and_others():
    few, many = (HintPoints(count=n)(batch(), 0, 0)["hint_mask"] for n in (3, 10))
    assert (many >= few).all()
    assert (many > few).any()


def test_the_number_is_geometric():
    single = batch((0,), size=64)
    for points, p in ((HintPoints(p=0.5), 0.5), (HintPoints(), 1 / 8)):
        free = [points(single, 0, epoch)["hint_mask"].any() for epoch in range(400)]
        assert np.mean([not bool(some) for some in free]) == pytest.approx(p, abs=0.05)
    assert not HintPoints(p=1.0)(single, 0, 0)["hint_mask"].any()
    assert not HintPoints(count=0)(single, 0, 0)["hint_mask"].any()


def test_spots_are_squares_whose_sides_are_uniform_from_1_to_9():
    truth = torch.zeros(900, 3, 64, 64)
    given = {"truth": truth, "index": torch.arange(900), "name": [""] * 900}
    spots = HintPoints(count=1)(given, 0, 0)["hint_mask"][:, 0]
    sides = torch.stack([(spots.sum(axis) > 0).sum(1) for axis in (1, 2)])
    whole = ~(spots[:, [0, -1]].any(2) | spots[:, :, [0, -1]].any(1)).any(1)  # Off the border.
    assert whole.sum() > 600
    shares = sides[0, whole].bincount(minlength=10) / whole.sum()
    assert torch.equal(*sides[:, whole])
    assert shares[0] == 0
    assert shares[1:].tolist() == pytest.approx([1 / 9] * 9, abs=0.04)


def test_spots_lie_around_the_centre_as_a_normal_number_that_stays_inside():
    many = HintPoints(count=1)(batch(tuple(range(400)), size=48), 0, 0)["hint_mask"][:, 0]
    middles = torch.stack([spot.nonzero().double().mean(0) for spot in many]) / 48
    assert float(middles.mean()) == pytest.approx(0.5, abs=0.03)
    # Of a deviation of 1/4, cut at two deviations on both sides.
    assert float(middles.std()) == pytest.approx(0.25 * 0.8796, abs=0.02)


def test_training_gets_them_and_evaluation_does_not():
    augment = SelfAugmentedReference(hints=HintPoints(count=2))
    made = augment(batch(), 0, 0)
    assert made["hint_mask"].any()
    inside = made["hint_mask"].expand(-1, 3, -1, -1) > 0
    assert (made["hint_colors"][inside] - made["truth"][inside]).abs().mean() < 0.3
    assert "hint_mask" not in augment(batch(), 0, 0, shared_geometry=False)


@pytest.mark.parametrize("wrong", [{"p": 0.0}, {"p": 1.5}, {"count": -1}])
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(InputError, match="should lie between"):
        HintPoints(**wrong)
