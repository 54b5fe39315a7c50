import shlex
import signal

import pytest

from flowcolor.io.images import read_image
from flowcolor.models.checkpoint import load_model
from flowcolor.training.colorization_task import ColorizationTask
from tests.training.helpers import flowcolor


def test_the_quickstart_ends_by_naming_the_picture_and_the_model(tmp_path, capsys):
    words = ("--train", "--output", tmp_path / "a start", "--max_minutes", "0.01")
    assert flowcolor("quickstart", *words) == 0
    printed = capsys.readouterr().out
    folder = tmp_path / "a start" / "version_0"
    assert f"picture: {folder / 'quickstart.png'}" in printed
    assert f"model:   {folder / 'model.safetensors'}" in printed
    assert str(folder / "model.safetensors") in shlex.split(printed.partition("yours:")[2])
    # Two rows for each setting; drawing, reference, result and truth.
    assert read_image(folder / "quickstart.png").shape == (3, 4 * 130 + 2, 4 * 130 + 2)
    load_model(folder / "model.safetensors")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_its_training_with_the_status_of_shells(number, tmp_path, monkeypatch):
    def interrupted(self, *_):
        signal.raise_signal(number)

    monkeypatch.setattr(ColorizationTask, "on_train_batch_start", interrupted, raising=False)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = flowcolor("quickstart", "--train", "--output", tmp_path)
    except SystemExit as ended:
        status = ended.code
    finally:
        signal.signal(signal.SIGINT, before)
    assert status == 128 + number
    assert (tmp_path / "version_0/checkpoints/last.ckpt").is_file()


@pytest.mark.parametrize("words", [("--seed_everything", "-1"), ("--max_minutes", "2")])
def test_options_of_a_training_are_refused_without_one(words, tmp_path, capsys):
    assert flowcolor("quickstart", "--output", tmp_path / "out", *words) == 2
    error = capsys.readouterr().err
    assert f"{words[0]} {words[1]}" in error
    assert "expects --train, without which it does nothing." in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["drawing.png", "photo.png"])
def test_a_picture_of_somebody_else_is_not_replaced(name, tmp_path, capsys):
    (tmp_path / name).write_text("mine")
    assert flowcolor("quickstart", "--output", tmp_path) == 2
    expected = f"--output expects a folder without a {name} of somebody else, got {tmp_path}."
    assert expected in capsys.readouterr().err
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "mine"}
