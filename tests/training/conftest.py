import gc

import pytest
import torch
from torch import distributed


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """Tiny tensors are slower on many threads, and OpenMP's threads do not survive a fork."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def _leave_the_group():
    """Leave the group of processes that a test was part of."""
    yield
    gc.collect()
    if distributed.is_initialized():
        distributed.destroy_process_group()
