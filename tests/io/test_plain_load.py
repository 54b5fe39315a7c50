"""A pickle that torch did not write is one error."""

import pickle
import warnings

import pytest

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
