"""``flowcolor colorize --then`` and ``--trace``: a result refined, and how it came about."""

import csv

import pytest
import torch

from flowcolor.cli.main import main
from flowcolor.cli.trace import Trace
from flowcolor.errors import InputError
from flowcolor.io.images import read_image, write_image
from flowcolor.models import Tint

pytest.importorskip("torchvision")
GATYS = ("gatys", "random_weights=true", "content_layer=1", "style_layers=[1,2]", "steps=110")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image(torch.rand(1, 12, 10), "grey.png")
    write_image(torch.rand(3, 12, 10), "photo.png")
    return tmp_path


def colorize(*words, content="grey.png"):
    return main(
        ["colorize", "--content", content, "--reference", "photo.png", "--output", "o.png", *words]
    )


def test_a_result_is_refined_and_its_steps_are_written(files, capsys):
    assert colorize("--method", "tint", "--then", *GATYS, "--trace", "steps") == 0
    assert "wrote steps (losses and pictures of 110 steps)" in capsys.readouterr().out
    names = sorted(path.name for path in (files / "steps").iterdir())
    assert names == ["000000.png", "000100.png", "loss.csv", "loss.png"]
    first = Tint()(read_image("grey.png")[None], read_image("photo.png")[None])[0]
    assert (read_image("steps/000000.png") - first.clamp(0, 1)).abs().max() < 1 / 255
    rows = list(csv.DictReader((files / "steps/loss.csv").read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == list(range(0, 111, 10))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143), InputError("full")])
@pytest.mark.parametrize("place", ["steps", "empty/steps"])
def test_a_trace_that_is_ended_leaves_nothing_by_which_its_folder_is_refused(
    ending, place, files, monkeypatch
):
    (files / "empty").mkdir()
    words = ("--method", "tint", "--then", *GATYS, "--trace", place)
    note = Trace.__call__

    def end(self, step, loss, picture):
        note(self, step, loss, picture)
        assert (files / place / "000000.png").exists()
        raise ending

    with monkeypatch.context() as patch:
        patch.setattr(Trace, "__call__", end)
        if isinstance(ending, SystemExit):
            with pytest.raises(SystemExit):
                colorize(*words)
        else:
            assert colorize(*words) in (2, 130)
    assert not list((files / "empty").iterdir())
    assert not (files / "steps").exists()
    assert colorize(*words) == 0


def test_a_trace_that_is_ended_leaves_an_empty_folder_of_the_user(files, monkeypatch):
    (files / "steps").mkdir()
    words = ("--method", "tint", "--then", *GATYS, "--trace", "steps")
    monkeypatch.setattr(Trace, "write", interrupt)
    assert colorize(*words) == 130
    assert not list((files / "steps").iterdir())
    assert read_image("o.png").shape == (3, 12, 10)  # It was whole by then.


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--method", "tint", "--then", "levin"), "--then expects gatys, which refines a picture"),
        (("--method", "tint", "--then", "gatys", "step=1"), "'step'; did you mean 'steps'."),
        (
            ("--method", "tint", "--then", "gatys", "steps"),
            "--then expects NAME=VALUE, got 'steps'",
        ),
        (
            ("--method", "tint", "--trace", "t"),
            "--trace expects --method gatys or --then gatys, go",
        ),
        (
            ("--method", "tint", "--then", *GATYS, "--trace", "t", "--output", "t/loss.png"),
            "--trace expects a folder without the result, got t, where t/loss.png has the name",
        ),
        (
            ("--method", "tint", "--then", *GATYS, "--trace", "t", "--output", "t/000000.png"),
            "--trace expects a folder without the result, got t, where t/000000.png has the n",
        ),
        (
            ("--method", "tint", "--then", *GATYS, "--trace", "photo.png/t"),
            "--trace expects a place in a folder, got photo.png/t",
        ),
        (
            ("--method", "tint", "--then", *GATYS, "--trace", "t.png/a", "--output", "t.png"),
            "--trace expects a place beside the result, got t.png/a, while the result is t.png",
        ),
        (
            ("--method", "gatys", "--set", "weights=5"),
            "VGGActivations expects weights to be a path, got 5.",
        ),
        (
            ("--method", "tint", "--then", *GATYS, "--trace", "."),
            "--trace expects a new or an empt",
        ),
        (
            ("--method", "levin", "--then", *GATYS),
            "Then expects --hints, a copy of the picture wi",
        ),
    ],
)
def test_what_cannot_be_refined_or_traced_is_one_sentence(words, expected, files, capsys):
    assert colorize(*words) == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (files / "o.png").exists()


def test_a_trace_does_not_go_where_the_next_call_would_take_it_for_a_reference(files, capsys):
    write_image(torch.rand(3, 12, 10), "gallery/a/photo.png")
    words = ("colorize", "--content", "grey.png", "--gallery", "gallery", "--output", "o.png")
    own = ("--method", "tint", "--then", *GATYS, "--trace", "gallery/steps")
    assert main([*words, *own]) == 2
    expected = "--trace expects a folder outside of gallery, whose images are read, got gallery/ste"
    assert expected in capsys.readouterr().err
    assert not (files / "o.png").exists()
