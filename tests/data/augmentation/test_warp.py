"""What a batch says of the way from truth to reference, against grid_sample."""

import pytest
import torch
from torch.nn.functional import grid_sample
from torch.testing import assert_close

from flowcolor.data import SelfAugmentedReference, StrokeAugmentation
from tests.data.augmentation.test_self_reference import STILL, make_batch


def sampled(batch):
    seen = grid_sample(
        batch["truth"], batch["warp"], padding_mode="reflection", align_corners=False
    )
    return seen.clamp(0, 1)


def test_the_warp_is_there_if_it_is_asked_for():
    batch = make_batch([0, 1])
    assert "warp" not in SelfAugmentedReference()(batch, 0, 0)
    made = SelfAugmentedReference(warp=True, strokes=StrokeAugmentation())(batch, 0, 0)
    assert made["warp"].shape == (2, 24, 24, 2)
    plain = SelfAugmentedReference()(batch, 0, 0)
    assert torch.equal(made["reference"], plain["reference"]), "nothing else changes"


def test_in_evaluation_the_warped_truth_is_the_reference_to_the_bit():
    made = SelfAugmentedReference(warp=True)(make_batch([0, 1, 2]), 0, 0, shared_geometry=False)
    assert torch.equal(sampled(made), made["reference"])


@pytest.mark.parametrize("jitter", ["both", "reference"])
def test_in_training_it_leads_from_the_moved_truth_and_not_from_the_photograph(jitter):
    moves = {"shared_rotation": 40.0, "shared_crop": 0.6, "flip": 1.0}
    own = {"rotation": 10.0, "shift": 0.02, "elastic": 0.005, "scale": (0.7, 0.7)}
    augment = SelfAugmentedReference(jitter, warp=True, **STILL | moves | own)
    batch = make_batch([0, 1, 2, 3], size=96)
    ramp = torch.linspace(0.1, 0.9, 96)
    places = torch.stack([ramp.expand(96, -1), ramp[:, None].expand(-1, 96), ramp.expand(96, -1)])
    batch["photo"] = places.expand(4, -1, -1, -1)  # Colours are places, linear between pixels.
    made = augment(batch, 0, 0)
    inside = (made["warp"].abs() < 0.9).all(-1)[:, None].expand(-1, 3, -1, -1)
    assert inside.float().mean() > 0.3
    assert_close(sampled(made)[inside], made["reference"][inside], atol=2e-3, rtol=0)
    still = (made["truth"] - made["reference"])[inside].abs().mean()
    assert still > 0.05
