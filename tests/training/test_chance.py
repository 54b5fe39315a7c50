"""What a training batch draws by chance: told by seed, process and number, by nothing before."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from flowcolor.models import SketchColorFlow
from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Objective
from flowcolor.training.task import Task
from tests.training.few_steps import weights_of_two_and_of_one


def drawn(seed=3, rank=0, done=5, before=0):
    torch.manual_seed(99)
    torch.rand(before)
    progress = SimpleNamespace(total=SimpleNamespace(processed=done))
    loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
    task = SimpleNamespace(
        steps=0, _seed=seed, global_rank=rank, trainer=SimpleNamespace(fit_loop=loop)
    )
    Task.on_train_batch_start(task, {}, 0)
    return tuple(torch.rand(4).tolist())


def test_a_batch_draws_what_its_seed_process_and_number_say():
    assert drawn(before=0) == drawn(before=7)
    others = [drawn(), drawn(seed=4), drawn(rank=1), drawn(rank=2), drawn(done=6)]
    assert len(set(others)) == 4  # A seed of one more is a batch of one more.
    assert drawn(seed=2**63 - 1) != drawn()


class ByChance(Objective):
    """Moves all weights by a number that is drawn for the batch."""

    def losses(self, colorizer, batch):
        loss = torch.rand(()) * sum(weight.sum() for weight in colorizer.parameters())
        return {"loss": loss, "result": batch["truth"]}


def by_chance():
    """Return a task with known weights, and the samples of one step."""
    torch.manual_seed(0)
    images = torch.rand(2, 3, 16, 16)
    samples = [{"content": x, "truth": x, "reference": x, "name": "x", "index": 0} for x in images]
    model = SketchColorFlow(1, nccbs=0, ccbs=1).train()
    return build_task(model, ByChance(), partial(torch.optim.SGD, lr=1.0)), samples


@pytest.mark.slow
def test_each_of_two_processes_draws_for_itself(tmp_path):
    first, second, one = weights_of_two_and_of_one(by_chance, tmp_path)
    name, before = next(iter(by_chance()[0].named_parameters()))
    assert torch.equal(first[name], second[name])
    own, mean = (float((before.detach() - after[name]).mean()) for after in (one, first))
    others = 2 * mean - own  # Gradients of processes are averaged.
    assert 0 < own < 1
    assert 0 < others < 1
    assert abs(others - own) > 1e-3
