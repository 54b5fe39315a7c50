import pytest
import torch
from lightning import Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from lightning.pytorch.strategies import DDPStrategy

from flowcolor.errors import InputError
from flowcolor.training.accumulated import accumulate, accumulated
from tests.training import test_adversarial_steps


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


@pytest.mark.parametrize(
    "options",
    [
        {"accumulate_grad_batches": 2},
        {"callbacks": [GradientAccumulationScheduler({0: 1, 4: 2})]},
    ],
)
@pytest.mark.parametrize("static", [True, False])
def test_gradients_do_not_add_up_in_a_static_graph(options, static):
    silent = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
    strategy = DDPStrategy(static_graph=static)
    task, _ = test_adversarial_steps.build()
    task.trainer = Trainer(accelerator="cpu", devices=2, strategy=strategy, **options, **silent)
    if not static:
        task.setup("fit")
        return
    with pytest.raises(
        InputError, match=r"expects static_graph=false beside .*_batches 2, .* true"
    ):
        task.setup("fit")
