"""What the last batch before a validation has logged, as a checkpoint holds it."""

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.training.unvalidated import numbers_of_last_batch

LOSS = torch.tensor(0.5)


@pytest.mark.parametrize(
    "numbers", [5, [LOSS], {3: LOSS}, {"train/loss": 0.5}, {"train/loss": LOSS.expand(2)}]
)
def test_other_than_numbers_by_name_are_refused(numbers):
    with pytest.raises(InputError, match="expects numbers by name as 'numbers_of_last_batch'"):
        numbers_of_last_batch({"numbers_of_last_batch": numbers})


@pytest.mark.parametrize("numbers", [{}, {"train/loss": LOSS}])
def test_numbers_are_those_of_the_checkpoint(numbers):
    assert numbers_of_last_batch({"numbers_of_last_batch": numbers}) == numbers
    assert numbers_of_last_batch({}) == {}
