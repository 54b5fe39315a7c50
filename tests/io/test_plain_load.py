"""What torch did not write, or what was changed since, is one error."""

import pickle
import warnings

import pytest
import torch

from flowcolor.errors import InputError
from flowcolor.models.checkpoint import read_checkpoint
from flowcolor.pretrained.weights import load_tensors


@pytest.mark.parametrize("read", [read_checkpoint, load_tensors])
def test_a_foreign_pickle_is_a_sentence_without_a_warning_of_torch(read, tmp_path):
    path = tmp_path / "foreign.ckpt"
    path.write_bytes(pickle.dumps(print, protocol=4))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with pytest.raises(InputError, match=r"foreign\.ckpt"):
            read(path)
    assert not seen


@pytest.mark.parametrize("read", [read_checkpoint, load_tensors])
def test_a_number_that_was_changed_since_is_noticed(read, tmp_path):
    """Torch reads it: a file that a disk has damaged would paint other pictures without a word."""
    numbers = torch.arange(64.0)
    description = {"model": "Tint", "config": {}, "size": 8}
    path = tmp_path / "own.ckpt"
    checkpoint = {"flowcolor": description, "state_dict": {"a": numbers}}
    torch.save({"a": numbers} if read is load_tensors else checkpoint, path)
    read(path)
    whole = bytearray(path.read_bytes())
    whole[whole.index(numbers.numpy().tobytes()) + 131] ^= 64
    path.write_bytes(whole)
    torch.load(path, weights_only=True)
    with pytest.raises(InputError, match=r"own\.ckpt"):
        read(path)


def test_what_older_versions_of_torch_wrote_is_read(tmp_path):
    """Before 1.6 it was no archive, and had no checksums."""
    torch.save({"a": torch.ones(3)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert torch.equal(load_tensors(tmp_path / "old.pth")["a"], torch.ones(3))
