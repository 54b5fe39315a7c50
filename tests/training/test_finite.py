"""What is no number ends a training, whosever loss it is, and the pictures at fault are named."""

import pytest
import torch
from torch import nn

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.training.build_task import build_task
from flowcolor.training.finite import require_finite
from flowcolor.training.objectives import Adversarial, Paired
from tests.training.few_steps import fit
from tests.training.objectives.cases import CASES, batch_of


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_critic_without_a_number_ends_a_training_before_it_moves(weight):
    case = CASES["Adversarial"]
    objective = Adversarial(Paired(ColorizationLoss(perceptual=0.0)), Wild(), "bce", weight)
    task = build_task(case.colorizer().train(), objective)
    start = {name: value.clone() for name, value in task.state_dict().items()}
    batch = batch_of(case)
    samples = [{key: value[place] for key, value in batch.items()} for place in range(2)]
    with pytest.raises(InputError, match=r"loss is not finite \(.*critic inf"):
        fit(task, samples)
    for name, value in task.state_dict().items():
        assert torch.equal(value, start[name]), name


class Wild(nn.Module):
    """A critic so sure that results are true that its own loss is no number."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images):
        return self.weight * images.mean((1, 2, 3)) + torch.inf


@pytest.mark.parametrize("key", ["content", "truth"])
def test_pictures_that_are_no_numbers_are_named_without_a_reference(key):
    batch = batch_of(CASES["Paired"])
    del batch["reference"]
    batch[key] = batch[key] * torch.nan
    with pytest.raises(InputError, match=rf"^Image '{key}' of a batch \(0, 1\) expects finite"):
        require_finite({"loss": torch.tensor(torch.nan)}, batch, 3, None)
