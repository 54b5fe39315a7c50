import pytest
import torch

from flowcolor.metrics import mean_color_distance, ssim
from flowcolor.training.callbacks.validation import Validation
from tests.training.helpers import Threshold


def batch(*indexes):
    images = torch.rand(4, len(indexes), 3, 16, 16)
    parts = dict(zip(("content", "reference", "truth", "reference_content"), images, strict=True))
    return parts | {"index": torch.tensor(indexes)}


def test_every_pair_counts_once_and_nothing_is_carried_into_the_next_validation():
    validation, first, again = Validation(), batch(3, 1), batch(1, 7)
    result = torch.rand(2, 3, 16, 16)
    validation.add_self(first, result)
    again["truth"][0] = first["truth"][1]
    validation.add_self(again, result.flip(0))
    expected = torch.cat([ssim(result, first["truth"]), ssim(result[:1], again["truth"][1:])])
    assert validation.compute()["val/ssim"] == pytest.approx(float(expected.mean()), rel=1e-5)
    assert validation.compute() == {}
    validation.add_self(first, first["truth"])
    assert validation.compute()["val/psnr"] == 60


def test_cross_pairs_are_scored_by_lines_and_colours():
    validation, pairs = Validation(), batch(4, 0)
    result = torch.rand(2, 3, 16, 16)
    validation.add_cross(pairs, result, Threshold())
    scores = validation.compute()
    assert scores.keys() == {f"val/cross_{x}" for x in ("lines", "lines_control", "color_distance")}
    expected = mean_color_distance(result, pairs["reference"]).mean()
    assert scores["val/cross_color_distance"] == pytest.approx(float(expected), rel=1e-5)
