"""The words of a command line, before a parser sees them."""

import pytest

from flowcolor.data import Folders
from flowcolor.training.config_files import find_config, read_yaml
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from flowcolor.training.words import one_test_set, without_idle
from tests.training.helpers import flowcolor


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("--data.test a", "--data.held_out=null"),
        ("--data.test=a", "--data.held_out=null"),
        ("--data.test.photos=a", "--data.held_out=null"),
        ("--data.held_out 3", "--data.test=null"),
        ("--data.held_out=3", "--data.test=null"),
        ("--data.test a --data.held_out null", ""),
        ("--data.test a --data.held_out 3", ""),  # Both: the data module says so.
        ("--data.test null", ""),
        ("--data.held_out null", ""),
        ("--data.tested a --data.held_outer 3 --data.train a", ""),
    ],
)
def test_one_test_set_takes_back_the_other(words, more):
    given = words.split()
    assert one_test_set(given) == [*given, *more.split()]


@pytest.mark.parametrize(
    "option",
    [
        *("--data.hints.count=3", "--data.background=white", "--data.test.photos=PHOTOS"),
        *("--data.sketch_filter=flowcolor.data.SobelLines", "--data.train+=PHOTOS"),
    ],
)
def test_predict_refuses_options_of_the_data_that_would_do_nothing(option, run, tmp_path, capsys):
    words = [f"--data.predict.{name}={run.photos}" for name in ("sketches", "photos")]
    words += [option.replace("PHOTOS", str(run.photos)), "--data.content=drawing", "--data.size=16"]
    root = ("--trainer.default_root_dir", tmp_path / "out")
    assert flowcolor("predict", "--ckpt_path", run.last, *words, *root) == 2
    name = option.split("=")[0].rstrip("+").split(".")[1]
    (error,) = capsys.readouterr().err.splitlines()
    assert f"flowcolor predict expects no --data.{name}, which has no effect" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *(("test", f"--data.{option}") for option in ("repeat=3", "share=0.5")),
        ("test", "--data.predict.photos=PHOTOS"),
        *((command, "--trainer.overfit_batches=1") for command in ("test", "predict")),
        ("validate", "--data.share=0.5"),
    ],
)
def test_no_command_takes_what_would_seem_to_choose_its_pictures(
    command, option, run, tmp_path, capsys
):
    words = (
        option.replace("PHOTOS", str(run.photos)),
        "--trainer.default_root_dir",
        tmp_path / "o",
    )
    assert flowcolor(command, "--ckpt_path", run.last, *words) == 2
    (error,) = capsys.readouterr().err.splitlines()
    name = ".".join(option.partition("=")[0].split(".")[:2])
    assert f"flowcolor {command} expects no {name}, which has no effect" in error
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("command", "option", "reason"),
    [
        ("test", "--best.monitor=null", "it keeps no checkpoints"),
        ("validate", "--last={every_n_epochs: 2}", "it keeps no checkpoints"),
        ("test", "--curves.every_n_steps=1", "it counts no steps of a training"),
        ("predict", "--roundtrip.every_n_steps=1", "it counts no steps of a training"),
        ("predict", "--pictures.write_all=true", "it writes every result as a picture of its own"),
    ],
)
def test_only_a_training_takes_what_follows_it(command, option, reason, run, tmp_path, capsys):
    words = ("--ckpt_path", run.last, option, "--trainer.default_root_dir", tmp_path / "o")
    assert flowcolor(command, *words) == 2
    (error,) = capsys.readouterr().err.splitlines()
    name = option.partition("=")[0].partition(".")[0]
    assert error == (
        f"flowcolor: flowcolor {command} expects no {name}, which has no effect on what it does: "
        f"{reason}."
    )
    assert not without_idle(command, [option])  # As of an experiment that trains and tests.


@pytest.mark.parametrize(
    ("command", "option", "reason"),
    [
        ("test", "--trainer.max_epochs=3", "it counts no steps of a training"),
        ("validate", "--model.optimizer.init_args.lr=1e-3", "it counts no steps of a training"),
        ("predict", "--trainer.limit_train_batches=2", "it counts no steps of a training"),
        ("predict", "--model.objective.init_args.weight=1", "it looks at no loss"),
        ("test", "--trainer.limit_val_batches=2", "it tests all that data.test or data.held_out "),
        ("fit", "--trainer.limit_test_batches=2", "it trains and validates, nothing else"),
        ("fit", "--data.predict.photos=faces", "it trains and validates, nothing else"),
    ],
)
def test_what_another_command_does_is_not_chosen(command, option, reason, run, tmp_path, capsys):
    words = ("--ckpt_path", run.last, option, "--trainer.default_root_dir", tmp_path / "o")
    assert flowcolor(command, *words) == 2
    (error,) = capsys.readouterr().err.splitlines()
    name = ".".join(option.partition("=")[0].split(".")[:2])
    assert error.startswith(
        f"flowcolor: flowcolor {command} expects no {name}, which has no effect on what it does: "
        f"{reason}"
    )
    assert not (tmp_path / "o").exists()
    assert not without_idle(command, [option])


def test_a_negative_number_belongs_to_its_option():
    words = ["--trainer.max_epochs", "-1", "-c", "faces", "--trainer.devices", "-1"]
    assert without_idle("test", words) == words[2:]


def test_no_round_trip_is_asked_of_what_cannot_be_run_backwards(run, tmp_path, capsys):
    model = '{"class_path": "SCFT", "init_args": {"width": 2, "levels": 2, "inner": 4}}'
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "o")
    words = (*words, "--model.colorizer", model, "--roundtrip.every_n_steps=1")
    assert flowcolor("fit", *words) == 2
    (error,) = capsys.readouterr().err.splitlines()
    name = "--roundtrip.every_n_steps"
    assert error == f"flowcolor: {name} expects a model that can be run backwards, got SCFT."
    assert not (tmp_path / "o").exists()


def test_the_command_line_beats_the_test_set_of_a_configuration(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("data: {test: a, held_out: null}")
    common = ("fit", "--config", "portraits", "--data.train", "b", "--trainer.logger=false")

    def data_of(*words):
        with quiet():
            data = TrainingCLI([*common, *words], run=False).datamodule
        return data.test, data.held_out

    assert data_of("--data.test", "c") == (Folders("c"), None)
    assert data_of("--config", str(file)) == (Folders("a"), None)
    assert data_of("--config", str(file), "--data.held_out=4") == (None, 4)


@pytest.mark.parametrize("config", [["--config", "quickstart"], ["-c=quickstart"]])
def test_an_option_beats_a_configuration_that_stands_behind_it(config, tmp_path):
    words = ["--data.size=32", *config, "--model.colorizer.ccbs", "1", "--config=portraits"]
    root = f"--trainer.default_root_dir={tmp_path}"
    with quiet():
        chosen = TrainingCLI(["fit", *words, root], run=False).config.fit
    assert (chosen.data.size, chosen.model.colorizer.init_args.ccbs) == (32, 1)
    # Configurations keep their order: the first alone would give 60 epochs.
    assert chosen.trainer.max_epochs == read_yaml(find_config("portraits"))["trainer"]["max_epochs"]


def test_a_timer_whose_interval_is_an_enumeration_can_be_written_down(tmp_path):
    timer = ("--trainer.callbacks=Timer", "--trainer.callbacks.duration=00:01:00:00")
    words = ["fit", "--config", "quickstart", *timer, f"--trainer.default_root_dir={tmp_path}"]
    with quiet():
        cli = TrainingCLI(words, run=False)
    assert "interval: step" in cli.parser.dump(cli.config, skip_none=False)


def test_averaged_weights_whose_device_is_an_object_can_be_written_down(tmp_path, capsys):
    average = ("--trainer.callbacks=StochasticWeightAveraging", "--trainer.callbacks.swa_lrs=0.1")
    words = ["fit", "--config", "quickstart", *average, f"--trainer.default_root_dir={tmp_path}"]
    with quiet():
        cli = TrainingCLI(words, run=False)
    assert "device: cpu" in cli.parser.dump(cli.config, skip_none=False)
    assert not capsys.readouterr().err


@pytest.mark.parametrize("option", ["--data.train", "--data.train.photos"])
def test_several_folders_are_recorded_as_several(option, tmp_path):
    words = (f"{option}=[a, b's]", f"--trainer.default_root_dir={tmp_path}")
    with quiet():
        cli = TrainingCLI(["test", "--config", "models/tint", *words], run=False)
    assert cli.datamodule.train.photos == ["a", "b's"]
    assert cli.run_config["data"]["train"]["photos"] == ["a", "b's"]


def test_a_rival_that_replaces_another_is_named(tmp_path, caplog):
    words = ("--compare=a.json", "--compare", "b.json", f"--trainer.default_root_dir={tmp_path}")
    with quiet():
        TrainingCLI(["test", "--config", "models/tint", *words], run=False)
    said = "flowcolor: --compare is given twice: b.json counts, and a.json does not."
    assert said in caplog.messages
