"""What a script of one's own makes a task of."""

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR

from flowcolor.losses import ColorizationLoss
from flowcolor.models import PatchCritic
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.objectives import Adversarial, Alternating, Paired
from tests.models.helpers import trained

LOSS = ColorizationLoss(perceptual=0)
COLORIZER, OBJECTIVE = trained(downsamplings=1, ccbs=1), Paired(LOSS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((OBJECTIVE, COLORIZER), "colorizer to be of type Colorizer, got Paired"),
        ((nn.Identity(), OBJECTIVE), "colorizer to be of type Colorizer, got Identity"),
        ((COLORIZER, LOSS), "objective to be of type Objective, got ColorizationLoss"),
        ((COLORIZER, Paired), "objective to be of type Objective, got <class"),
        (
            (COLORIZER, Adversarial(OBJECTIVE, PatchCritic(width=1, layers=1))),
            "an objective of one optimizer, got Adversarial",
        ),
        ((COLORIZER, Alternating(LOSS)), "an objective of one optimizer, got Alternating"),
    ],
)
def test_parts_of_another_kind_are_refused(given, message):
    with pytest.raises(ValueError, match=f"ColorizationTask expects {message}"):
        ColorizationTask(*given)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interval": "steps"}, r"interval to be one of \['epoch', 'step'\], got 'steps'"),
        ({"weights": COLORIZER}, "weights to be a path, got SketchColorFlow"),
    ],
)
def test_other_options_are_refused(options, message):
    with pytest.raises(ValueError, match=f"ColorizationTask expects {message}"):
        ColorizationTask(COLORIZER, OBJECTIVE, **options)


def forget(made: object) -> None:
    """As a function without its return."""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": forget}, "The optimizer cannot be built: .* got None"),
        ({"optimizer": lambda weights: [torch.optim.SGD(weights)]}, "optimizer .* got list"),
        ({"scheduler": forget}, "The schedule cannot be built: .* got None"),
        ({"scheduler": lambda optimizer: [StepLR(optimizer, 1)]}, "schedule .* got list"),
    ],
)
def test_functions_that_return_nothing_that_steps_are_refused(options, message):
    task = ColorizationTask(COLORIZER, OBJECTIVE, **options)
    with pytest.raises(ValueError, match=message):
        task.build_optimizers()
