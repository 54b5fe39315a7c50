import gc
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import distributed

from tests.training.helpers import flowcolor, write_config, write_photos


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


@dataclass(frozen=True)
class Run:
    """A finished training of four steps and what it was made from."""

    root: Path
    photos: Path
    config: Path
    folder: Path

    @property
    def last(self) -> Path:
        return self.folder / "checkpoints" / "last.ckpt"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    base = tmp_path_factory.mktemp("run")
    photos = write_photos(base / "photos", 7)
    config = write_config(base / "tiny.yaml", photos)
    root = base / "runs"
    assert flowcolor("fit", "--config", config, "--trainer.default_root_dir", root) == 0
    return Run(root, photos, config, root / "version_0")
