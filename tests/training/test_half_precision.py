"""Mixed precision where a task takes the backward pass itself: gradients are not cast again."""

from functools import partial

import torch
from torch.utils.data import default_collate

from flowcolor.training.build_task import build_task
from flowcolor.training.objectives import Adversarial, Paired
from tests.training.few_steps import fit
from tests.training.objectives.cases import CASES, batch_of, losses_of


def test_a_game_moves_by_the_gradients_outside_of_autocast():
    case, rate = CASES["Adversarial"], partial(torch.optim.SGD, lr=1.0)
    batch = batch_of(case)
    samples = [{key: value[place] for key, value in batch.items()} for place in range(2)]
    tasks = []
    for _ in range(2):
        torch.manual_seed(0)
        objective = case.objective()
        assert isinstance(objective, Adversarial)
        assert isinstance(objective.objective, Paired)
        objective.optimizer, objective.gradient_clip_val = rate, None
        tasks.append(build_task(case.colorizer().train(), objective, rate))
    task, other = tasks
    fit(task, samples, precision="bf16-mixed")
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):  # As Lightning has it.
        found = losses_of(other.objective, other.colorizer, default_collate(samples))
        total = found["loss"] + found["critic"]
    total.backward()
    for (name, moved), start in zip(task.named_parameters(), other.parameters(), strict=True):
        assert torch.equal(moved, start - start.grad), name
