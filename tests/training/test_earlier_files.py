"""What a command writes takes the place of nothing that an earlier one has left, or it reads."""

from types import SimpleNamespace

import pytest
from lightning.pytorch.callbacks import ModelCheckpoint, OnExceptionCheckpoint

from flowcolor.errors import InputError
from flowcolor.training.earlier_files import (
    spare_checkpoints,
    spare_configurations,
    spare_model,
    spare_own,
    spare_rescued,
)


def test_the_configuration_that_is_read_is_not_replaced(tmp_path):
    (config := tmp_path / "config.yaml").write_text("# mine")
    (other := tmp_path / "other.yaml").symlink_to(config)
    with pytest.raises(InputError, match="--here expects a place that holds no input"):
        spare_configurations(tmp_path, "--here", [other])
    spare_configurations(tmp_path, "--here", ["quickstart.yaml"])  # That of an earlier test.


@pytest.mark.parametrize(
    ("name", "counts", "refused"),
    [("last", False, True), ("best", True, False), ("{epoch}", False, False), (None, False, False)],
)
def test_checkpoints_of_the_same_name_are_not_replaced(name, counts, refused, tmp_path):
    for file in (name, "other"):
        (tmp_path / f"{file}.ckpt").touch()
    callback = ModelCheckpoint(tmp_path, name, enable_version_counter=counts)
    trainer = SimpleNamespace(checkpoint_callbacks=[ModelCheckpoint(), callback])
    if refused:
        with pytest.raises(InputError, match=r"got .*, whose last\.ckpt would be replaced\.$"):
            spare_checkpoints(trainer)
    else:
        spare_checkpoints(trainer)


@pytest.mark.parametrize("spare", [spare_checkpoints, spare_rescued])
def test_what_a_training_saved_when_it_failed_is_not_removed_by_one_that_succeeds(spare, tmp_path):
    callback = OnExceptionCheckpoint(tmp_path, "rescued")
    trainer = SimpleNamespace(checkpoint_callbacks=[ModelCheckpoint(tmp_path, "b"), callback])
    spare(trainer)
    (tmp_path / "rescued.ckpt").touch()
    with pytest.raises(InputError, match=r"got .*, whose rescued\.ckpt would be replaced\.$"):
        spare(trainer)


def test_a_checkpoint_that_was_laid_beside_another_model_is_not_gone_on_with(tmp_path):
    """The folder of a run, and one that a training with a dirpath has left, are its own."""
    for name in ("a.ckpt", "checkpoints/last.ckpt"):
        spare_model(tmp_path, tmp_path / name)
    (tmp_path / "model.safetensors").touch()
    spare_model(tmp_path, tmp_path / "checkpoints/last.ckpt")
    with pytest.raises(InputError, match=r"of its training, got .*a\.ckpt, beside which mod"):
        spare_model(tmp_path, tmp_path / "a.ckpt")
    (tmp_path / "config.yaml").write_text("# lightning.pytorch==2.6.6\n")
    spare_model(tmp_path, tmp_path / "a.ckpt")


def test_a_configuration_that_no_run_has_written_is_not_replaced(tmp_path):
    spare_own(tmp_path, "--here")
    (config := tmp_path / "config.yaml").write_text("# mine")
    with pytest.raises(InputError, match="--here expects a folder without a config"):
        spare_own(tmp_path, "--here")
    with pytest.raises(InputError, match=r"of its training, got .*a\.ckpt, beside which con"):
        spare_model(tmp_path, tmp_path / "a.ckpt")
    config.unlink()
    config.mkdir()
    with pytest.raises(InputError, match=r"config\.yaml cannot be read: "):
        spare_own(tmp_path, "--here")
