"""What a training batch draws by chance: told by seed and number, by nothing before."""

from types import SimpleNamespace

import torch

from flowcolor.training.task import Task


def drawn(seed=3, done=5, before=0):
    torch.manual_seed(99)
    torch.rand(before)
    progress = SimpleNamespace(total=SimpleNamespace(processed=done))
    loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
    task = SimpleNamespace(_seed=seed, trainer=SimpleNamespace(fit_loop=loop))
    Task.on_train_batch_start(task, {}, 0)
    return tuple(torch.rand(4).tolist())


def test_a_batch_draws_what_its_seed_and_number_say():
    assert drawn(before=0) == drawn(before=7)
    others = [drawn(), drawn(seed=4), drawn(done=6)]
    assert len(set(others)) == 2  # A seed of one more is a batch of one more.
    assert drawn(seed=2**63 - 1) != drawn()
