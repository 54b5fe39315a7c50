"""What a script of one's own makes a task of."""

import pytest
import torch
from lightning import Trainer
from torch import nn
from torch.optim.lr_scheduler import StepLR

from flowcolor.errors import InputError
from flowcolor.losses import ColorizationLoss
from flowcolor.models import PatchCritic, Unchanged
from flowcolor.training.callbacks.evaluator import Evaluator
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.objectives import Adversarial, Alternating, Paired
from tests.models.helpers import trained

LOSS = ColorizationLoss(perceptual=0)
COLORIZER, OBJECTIVE = trained(downsamplings=1, ccbs=1), Paired(LOSS)


class Own(Unchanged):
    reference = "needed"


def test_traits_that_a_colorizer_of_ones_own_misspells_are_refused():
    with pytest.raises(ValueError, match=r"^Own expects its reference to be one .* got 'needed'"):
        ColorizationTask(Own(), Paired(ColorizationLoss(perceptual=0.0)))


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


def batch(*left_out):
    images = dict(zip(("content", "reference", "truth"), torch.rand(3, 2, 3, 8, 8), strict=True))
    whole = images | {"name": ["a", "b"]}
    return {key: value for key, value in whole.items() if key not in left_out}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.rand(2, 3, 8, 8), "a batch, a dictionary, got Tensor"),
        (list(torch.rand(2, 2, 3, 8, 8)), "a batch, a dictionary, got list"),
        (batch("name"), "a batch with name, got content, reference, truth"),
    ],
)
def test_what_loaders_of_ones_own_give_and_is_no_batch_is_refused(given, message):
    task = ColorizationTask(COLORIZER, OBJECTIVE)
    steps = [task.validation_step, task.test_step, task.predict_step]
    if not isinstance(given, dict):
        steps += [lambda wrong, _: task(wrong)]
    else:
        steps += [lambda wrong, _: task.losses_of(wrong)]
    for step in steps:
        with pytest.raises(InputError, match=f"^ColorizationTask expects {message}"):
            step(given, 0)


def test_lines_are_not_scored_where_nothing_says_what_drew_them():
    trainer = Trainer(accelerator="cpu", logger=False)
    with pytest.raises(InputError, match="expects a data module with sketch_filter, got loaders"):
        Evaluator().on_test_start(trainer, ColorizationTask(COLORIZER, OBJECTIVE))
