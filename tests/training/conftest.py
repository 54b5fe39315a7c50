from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.training.helpers import flowcolor, write_config, write_photos


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
