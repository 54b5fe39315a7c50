import pytest
import torch

from flowcolor.metrics import ssim
from flowcolor.training.validation import Validation
from tests.training.helpers import Threshold


def batch(*indexes):
    images = torch.rand(4, len(indexes), 3, 16, 16)
    parts = dict(zip(("sketch", "reference", "truth", "reference_sketch"), images, strict=True))
    return parts | {"index": torch.tensor(indexes)}


def test_every_pair_counts_once_and_nothing_is_carried_into_the_next_validation():
    validation, first, again = Validation(), batch(3, 1), batch(1, 7)
    result = torch.rand(2, 3, 16, 16)
    validation.add_self(first, result)
    again["truth"][0] = first["truth"][1]
    validation.add_self(again, result.flip(0))
    expected = torch.cat([ssim(result, first["truth"]), ssim(result[:1], again["truth"][1:])])
    assert validation.compute(2)["val/ssim"] == pytest.approx(float(expected.mean()), rel=1e-5)
    assert validation.compute(2) == {}


def test_cross_pairs_count_as_many_as_one_process_would_have_in_its_first_batch():
    validation, pairs = Validation(), batch(4, 0, 2)
    result = torch.rand(3, 3, 16, 16)
    validation.add_cross(pairs, result, Threshold())
    two = Validation()
    chosen = {name: values[1:] for name, values in pairs.items()}
    two.add_cross(chosen, result[1:], Threshold())
    assert validation.compute(2) == two.compute(2)
