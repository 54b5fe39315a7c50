"""A full disk leaves neither half a checkpoint nor a partial file."""

import errno
from pathlib import Path

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.training.whole_checkpoints import WholeCheckpoints
from tests.training.helpers import flowcolor


@pytest.fixture
def full_disk(monkeypatch):
    """Let every checkpoint be refused once it has been written."""
    replace = Path.replace

    def full(self, target):
        if Path(target).suffix == ".ckpt":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, full_disk):
    (tmp_path / "last.ckpt").write_bytes(b"old")
    with pytest.raises(InputError, match=r"last\.ckpt cannot be written: No space left"):
        WholeCheckpoints().save_checkpoint({"a": torch.zeros(3)}, tmp_path / "last.ckpt")
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
    assert (tmp_path / "last.ckpt").read_bytes() == b"old"


def test_a_training_on_a_full_disk_ends_in_one_sentence(run, tmp_path, capsys, full_disk):
    words = ["fit", "--config", run.config, "--trainer.default_root_dir", tmp_path / "runs"]
    assert flowcolor(*words) == 2
    assert "ckpt cannot be written: No space left on device" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.ckpt"))
    assert not list(tmp_path.rglob("*.partial"))
