"""Options that belong to folders are honoured beside the embedded portraits, or refused."""

import json

import pytest

from flowcolor.data import ColorizationDataModule, Folders
from flowcolor.errors import InputError
from flowcolor.models import flowcolor_tiny
from flowcolor.models.checkpoint import export_weights
from tests.training.helpers import flowcolor


def test_folders_to_test_on_are_used(make_folder):
    photos = str(make_folder(count=3))
    sketches, masks = (str(make_folder(name, 3)) for name in ("sketches", "masks"))
    data = ColorizationDataModule(size=8, test=Folders(photos, sketches, masks))
    assert len(data.train_names) == 2
    assert data.held_out_names == data.test_names == ["p0", "p1", "p2"]
    assert [
        name for batch in data.test_dataloader()[0] for name in batch["name"]
    ] == data.test_names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("held_out", 1),
        ("held_out", {"a": 1}),
        ("held_out", (1, 1)),
        ("held_out", "list_eval_partition.txt"),
        ("train.sketches", "a"),
        ("train.masks", "a"),
    ],
)
@pytest.mark.parametrize("stage", ["fit", "validate", "test"])
def test_what_only_folders_have_is_refused(name, value, stage):
    options = {name: value}
    if name != "held_out":
        options = {"train": Folders("embedded", **{name.removeprefix("train."): value})}
    data = ColorizationDataModule(size=8, **options)
    with pytest.raises(InputError, match=f"{name} expects data.train to be a folder"):
        data.setup(stage)


def test_a_model_of_the_embedded_portraits_is_tested_on_others(make_folder, tmp_path, capsys):
    photos = make_folder(count=3)
    export_weights(flowcolor_tiny(), tmp_path / "model.safetensors", 16)
    words = ["test", "--ckpt_path", tmp_path / "model.safetensors"]
    words += ["--trainer.default_root_dir", tmp_path / "runs", "--trainer.accelerator", "cpu"]
    assert flowcolor(*words, "--data.test", photos) == 0
    pairs = json.loads((tmp_path / "runs/test.json").read_text())["pairs"]
    assert {pair["name"] for pair in pairs} == {"p0", "p1", "p2"}
    capsys.readouterr()
    assert flowcolor(*words, "--data.held_out", "1") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "data.held_out expects data.train to be a folder of photographs" in line


@pytest.mark.parametrize("test", [None, "folder"])
def test_it_says_that_the_embedded_portraits_are_read(make_folder, monkeypatch, test):
    said = []
    monkeypatch.setattr("flowcolor.data.module.rank_zero_info", said.append)
    data = ColorizationDataModule(size=8, test=test and str(make_folder(count=3)))
    data.setup("test")
    assert ("(with the embedded portraits)" in said[0]) == (test is None)
