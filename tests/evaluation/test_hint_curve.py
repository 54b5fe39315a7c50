"""Scores against the number of hints: of a method that listens, and of one that does not."""

import math

import pytest
import torch

from flowcolor.color import rgb_to_lab
from flowcolor.data import HintPoints
from flowcolor.evaluation.hint_curve import hint_curve


def batch_of(count):
    content, truth = torch.rand(2, count, 3, 16, 16)
    names = [str(i) for i in range(count)]
    return {"content": content, "truth": truth, "index": torch.arange(count), "name": names}


def listen(batch, generator):
    """Paint what was said, and nothing else."""
    if "hint_mask" not in batch:
        return batch["content"]
    return batch["hint_colors"].where(batch["hint_mask"] > 0, batch["content"])


def test_the_numbers_are_those_of_the_pictures():
    batches = [batch_of(2), batch_of(1)]
    none, three = hint_curve(listen, batches, [0, 3], seeds=2)
    assert math.isnan(none.hint_error)
    assert (none.pictures, three.pictures) == (6, 6)
    decibels = []
    for seed in (0, 1):
        for batch in batches:
            result = listen(HintPoints(count=3)(batch, seed, 0), None)
            errors = (result - batch["truth"]).square().mean((1, 2, 3))
            decibels += (-10 * errors.log10()).tolist()
    assert three.psnr == pytest.approx(sum(decibels) / 6, rel=1e-5)
    assert three.hint_error == pytest.approx(0, abs=1e-4)


def test_who_listens_comes_nearer_and_who_does_not_stays():
    batches = [batch_of(3)]
    curve = [score.psnr for score in hint_curve(listen, batches, [0, 2, 10, 50])]
    assert curve == sorted(curve)
    assert curve[-1] > curve[0] + 1
    deaf = hint_curve(lambda batch, generator: batch["content"], batches, [0, 10])
    assert deaf[0].psnr == deaf[1].psnr
    hinted = HintPoints(count=10)(batches[0], 0, 0)
    apart = rgb_to_lab(batches[0]["content"]) - rgb_to_lab(hinted["hint_colors"])
    mask = hinted["hint_mask"][:, 0]
    expected = ((apart.norm(dim=1) * mask).sum((1, 2)) / mask.sum((1, 2))).mean()
    assert deaf[1].hint_error == pytest.approx(float(expected), rel=1e-5)
