"""What holds for every objective, whatever it asks for."""

import inspect

import pytest
import torch

from flowcolor.training import objectives
from flowcolor.training.objectives import Objective
from tests.training.objectives.cases import CASES, batch_of, losses_of


def test_every_objective_is_a_case():
    kinds = {type(case.objective()).__name__ for case in CASES.values()}
    public = {name for name in objectives.__all__ if inspect.isclass(getattr(objectives, name))}
    assert kinds == {
        name for name in public - {"Objective"} if issubclass(getattr(objectives, name), Objective)
    }


@pytest.mark.parametrize("name", CASES)
def test_of_64_bits_no_loss_is_rounded_to_32(name):
    case = CASES[name]
    found = losses_of(
        case.objective().double(),
        case.colorizer().double().train(),
        batch_of(case, dtype=torch.float64),
    )
    assert {key: value.dtype for key, value in found.items()} == dict.fromkeys(found, torch.float64)
