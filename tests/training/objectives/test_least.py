"""Sizes that a loss cannot judge are refused before a training, not by its first batch."""

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss, ContentStyleLoss, FeatureLoss, MSELPIPSLoss
from flowcolor.training.objectives import Adversarial, Paired, Transfer
from flowcolor.training.sizes import require_size
from tests.models.helpers import trained, trained_art_flow

LOSSES = [
    (ColorizationLoss(perceptual=0.0), 1),
    (ColorizationLoss(perceptual=0.0, ssim=1.0), 6),
    (ColorizationLoss(random_weights=True, ssim=1.0), 16),
    (FeatureLoss(random_weights=True), 16),
    (MSELPIPSLoss(lpips=0.0), 1),
    (MSELPIPSLoss(random_weights=True), 31),
    (MSELPIPSLoss(network="vgg16", random_weights=True), 16),
    (ContentStyleLoss(random_weights=True), 16),
]


@pytest.mark.parametrize(("loss", "least"), LOSSES)
def test_a_loss_says_the_smallest_side_that_it_takes(loss, least):
    assert loss.least == least
    count = 3 if isinstance(loss, ContentStyleLoss) else 2
    assert loss(*torch.rand(count, 1, 3, least, least))["loss"].isfinite()
    if least > 1:
        with pytest.raises(ValueError, match=rf"sides of at least {least}, got "):
            loss(*torch.rand(count, 1, 3, least - 1, least))


@pytest.mark.parametrize("wrap", [Paired, lambda loss: Adversarial(Paired(loss))])
def test_a_training_refuses_smaller_pictures_than_its_loss_takes(wrap):
    objective = wrap(MSELPIPSLoss(random_weights=True))
    require_size(32, trained(), objective)
    with pytest.raises(InputError, match=r"expects at least 31 for the loss of .*, got 16"):
        require_size(16, trained(), objective)
    with pytest.raises(InputError, match="expects at least 16 for the loss of Transfer"):
        require_size(8, trained_art_flow(), Transfer(ContentStyleLoss(random_weights=True)))
