import gc
from multiprocessing import forkserver, set_forkserver_preload

import numpy as np
import pytest
import torch
from torch import distributed

from flowcolor.data import SobelLines

# Processes of these tests fork from one that has imported Lightning, which takes seconds; it begins
# here, before a test of something else starts it without.
set_forkserver_preload(["tests.training.few_steps"])
forkserver.ensure_running()


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tiny tensors are slower on many threads, and OpenMP's threads do not survive a fork."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", autouse=True)
def _drawn_once():
    """Trainings of these tests draw the same seven photographs: a twentieth of their time."""
    draw, known = SobelLines.draw, {}

    def once(self, gray):
        if not isinstance(gray, np.ndarray):
            return draw(self, gray)  # Which refuses it.
        key = (gray.shape, gray.tobytes())
        if key not in known:
            known[key] = draw(self, gray)
        return known[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SobelLines, "draw", once)
        yield


@pytest.fixture
def _leave_the_group():
    """Leave the group of processes that a test was part of."""
    yield
    gc.collect()
    if distributed.is_initialized():
        distributed.destroy_process_group()
