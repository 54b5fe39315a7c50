"""The average of the weights where two optimizers take turns, and what is not averaged."""

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import (
    EMAWeightAveraging,
    StochasticWeightAveraging,
    WeightAveraging,
)
from torch import nn
from torch.testing import assert_close

from flowcolor.errors import InputError
from flowcolor.losses import MSELPIPSLoss
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Paired
from tests.models.helpers import trained_unet_adain
from tests.training import test_alternating
from tests.training.few_steps import fit


class Recorder(Callback):
    """Keeps the weights after every batch."""

    def __init__(self):
        self.seen = []

    def on_train_batch_end(self, trainer, pl_module, *_):
        self.seen.append({name: w.detach().clone() for name, w in pl_module.named_parameters()})


def test_the_average_moves_once_a_batch_however_many_optimizers_there_are():
    task, samples = test_alternating.build(average=0.28)
    recorder = Recorder()
    fit(task, samples, max_epochs=3, callbacks=[recorder])
    assert len(recorder.seen) == 6
    for name, weight in task.named_parameters():
        expected = recorder.seen[0][name]
        for n, seen in enumerate(recorder.seen[1:], 1):
            decay = min(0.28, (1 + n) / (10 + n))  # 2/11, 3/12, and then 0.28.
            expected = decay * expected + (1 - decay) * seen[name]
        assert_close(weight, expected, msg=name)


def test_an_average_of_every_second_batch_moves_where_each_batch_is_two_steps():
    """Asked by the number of the last step, always odd, it would stay what it was at first."""
    task, samples = test_alternating.build()
    recorder, average = (
        Recorder(),
        EMAWeightAveraging(use_buffers=False, decay=0.5, update_every_n_steps=2),
    )
    fit(task, samples, max_epochs=3, callbacks=[recorder, average])
    for name, weight in task.named_parameters():
        first, second, third = (recorder.seen[batch][name] for batch in (0, 2, 4))
        assert_close(weight, (first / 2 + second / 2) / 2 + third / 2, msg=name)


def test_running_statistics_are_those_of_the_weights_and_not_averaged():
    _, samples = test_alternating.build()
    states = []
    for average in (None, 0.9):
        model = trained_unet_adain(dropout=0.0).train()
        assert any(isinstance(part, nn.BatchNorm2d) for part in model.modules())
        sgd = lambda weights: torch.optim.SGD(weights, lr=0.1)  # noqa: E731
        task = build_task(model, Paired(MSELPIPSLoss(lpips=0.0)), sgd, average=average)
        fit(task, samples, max_epochs=2)
        states.append(task.state_dict())
    same = {name for name, value in states[0].items() if torch.equal(value, states[1][name])}
    assert same >= {name for name, _ in task.named_buffers()}
    assert len(same) < len(states[0])


@pytest.mark.parametrize(
    ("average", "others"),
    [(0.9, [EMAWeightAveraging]), (None, [EMAWeightAveraging, WeightAveraging])],
)
def test_two_averages_are_refused_which_would_exchange_each_others_weights(average, others):
    task, samples = test_alternating.build(average=average)
    with pytest.raises(InputError, match=r"expects one average of the weights, .* got EMA.* and "):
        fit(task, samples, callbacks=[each(use_buffers=False) for each in others])


def test_a_stochastic_average_beside_another_is_refused():
    task, samples = test_alternating.build(average=0.9)
    with pytest.raises(InputError, match=r"got StochasticWeightAveraging and WeightAverage\.$"):
        fit(task, samples, callbacks=[StochasticWeightAveraging(0.1)])
