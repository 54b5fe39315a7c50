import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.training.accumulated import accumulate, accumulated


@pytest.mark.parametrize(
    "gradients", [5, {"nobody": torch.ones(1)}, {"bias": 1}, {"weight": torch.ones(3, 2)}]
)
def test_gradients_of_another_model_are_refused(gradients):
    checkpoint = {"accumulated_gradients": gradients}
    with pytest.raises(InputError, match="expects gradients of the model as"):
        accumulated(checkpoint, torch.nn.Linear(3, 1))


def test_gradients_are_those_of_the_checkpoint_once():
    layer, gradient = torch.nn.Linear(3, 1).double(), torch.ones(1, 3)
    found = accumulated({"accumulated_gradients": {"weight": gradient}}, layer)
    accumulate(found, layer)
    assert torch.equal(layer.weight.grad, gradient.double())
    assert layer.bias.grad is None
    layer.zero_grad()
    accumulate(found, layer)  # A second training of one task begins without.
    assert layer.weight.grad is None
