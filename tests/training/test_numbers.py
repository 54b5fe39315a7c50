"""Numbers that no option can have: one sentence that names the option, and nothing is written."""

import re
from types import SimpleNamespace

import pytest

from flowcolor.data import SelfAugmentedReference
from flowcolor.data.sketches import ColorDodge, MixedFilter, SobelLines, XDoG
from flowcolor.errors import InputError
from flowcolor.models import SketchColorFlow
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.rates import planned
from tests.training.helpers import flowcolor, write_photos

OPTIONS = {
    "--seed_everything=-1": "--seed_everything expects a number from 0 to 4294967295, got -1",
    "--seed_everything=4294967296": "--seed_everything expects .* got 4294967296",
    "--data.seed=-1": "data.seed expects a whole number from 0 to 4294967295, got -1",
    "--data.seed=1180591620717411303424": "data.seed expects",
    "--data.num_workers=-1": "data.num_workers expects a whole number from 0 to 1024, got -1",
    "--data.size=0": "data.size expects a whole number from 1 to 16384, got 0",
    "--data.size=1000000000": "data.size expects a whole number from 1 to 16384, got 1000000000",
    "--data.batch_size=0": "data.batch_size expects a whole number from 1 to .*, got 0",
    "--data.batch_size=9999999999": "data.batch_size expects .* to 2147483647, got 9999999999",
    "--data.repeat=9999999999": "data.repeat expects .* to 100000000, got 9999999999",
    "--data.repeat=99999999": "epoch of up to 100,000,000 photographs, got 99999999,",
    "--data.repeat=0": "data.repeat expects a whole number from 1 to .*, got 0",
    "--roundtrip.every_n_steps=0": "roundtrip.every_n_steps expects a number of at least 1, got 0",
    "--pictures.pairs=0": "pictures.pairs expects a number of at least 1, got 0",
    "--pictures.every_n_steps=-1": "pictures.every_n_steps expects",
    "--pictures.test_pairs=-1": "pictures.test_pairs expects",
    "--pictures.extremes=-1": "pictures.extremes expects",
    "--trainer.accelerator=tpu": "cannot be built: .*torch_xla",
    "--trainer.precision=transformer-engine": "cannot be built: .*transformer_engine",
    "--trainer.devices=99999999": "trainer.devices expects a number from 1 to 4096, got 99999999",
    "--trainer.callbacks+=lightning.pytorch.callbacks.BackboneFinetuning": "expects no BackboneFin",
    "--trainer.callbacks+=lightning.pytorch.callbacks.ModelCheckpoint": "built: Found more than",
    "--trainer.callbacks+=lightning.pytorch.callbacks.BaseFinetuning": "says: NotImplementedError",
    '--trainer.callbacks+={"class_path": "lightning.pytorch.callbacks.ModelPruning", "init_args": '
    '{"pruning_fn": "l1_unstructured"}}': "no ModelPruning, .* SketchColorFlow, whose",
    "--trainer.model_registry=me/faces": "trainer.model_registry expects null, .* got me/faces",
    "--best.filename={val/ssim:.2q}": r"as {epoch:02d}, got {val/ssim:.2q} \(Unknown format",
    "--last.filename={epoch": r"as {epoch:02d}, got {epoch \(expected '}' before end",
    "--best.filename=last": "best.filename expects another name than last.filename, got last",
    "--trainer.num_nodes=99999": "trainer.num_nodes expects a number from 1 to 4096, got 99999",
    "--trainer.gradient_clip_val=-1": "gradient_clip_val expects a number of at least 0, got -1",
    "--trainer.log_every_n_steps=-1": "log_every_n_steps expects a number of at least 0, got -1",
    "--trainer.min_epochs=-1": "trainer.min_epochs expects a number of at least 0, got -1",
    "--trainer.min_epochs=3": "trainer.min_epochs expects at most trainer.max_epochs, 2, got 3",
    "--trainer.max_time=00:00:00:00": "trainer.max_time expects a time above 0, got 0 seconds",
    '--trainer.max_time={"seconds": -5}': "trainer.max_time expects .* got -5 seconds",
    "--trainer.accumulate_grad_batches=0": "accumulate_grad_batches expects .* 1, got 0",
    "--trainer.check_val_every_n_epoch=0": "check_val_every_n_epoch expects .* 1, got 0",
    "--trainer.num_sanity_val_steps=-5": "num_sanity_val_steps expects .* at least -1, got -5",
    "--model.optimizer.init_args.lr=-1": "optimizer cannot be built: Invalid .*: -1[.]0[.]$",
    "--trainer.val_check_interval=0": "val_check_interval expects .* got 0",
    "--trainer.val_check_interval=100": "lightning.* says: .*must be less than or equal",
    "--model.colorizer.init_args.downsamplings=7": "up to 4 billion parameters, got 7, 1 and 2",
    "--model.colorizer.init_args.downsamplings=9": "up to 4 billion parameters, got 9, 1 and 2",
    "--model.colorizer.init_args.downsamplings=1000000": "up to 1024, got 1000000, 1 and 2",
    "--model.colorizer.init_args.ccbs=100000": "up to 1024, got 1, 1 and 100000",
}


@pytest.mark.parametrize("option", OPTIONS)
def test_a_number_that_an_option_cannot_have_is_one_sentence(option, run, tmp_path, capsys):
    root = tmp_path / "runs"
    words = ("--config", run.config, "--trainer.default_root_dir", root, option)
    assert flowcolor("fit", *words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(OPTIONS[option], error)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_an_optimizer_refuses_in_the_middle_of_a_run_is_one_sentence(run, tmp_path, capsys):
    optimizer = "--model.optimizer=torch.optim.SparseAdam"
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path, optimizer)
    assert flowcolor("fit", *words) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    started = "flowcolor: flowcolor fit cannot be run, torch.optim.sparse_adam says: "
    assert error.startswith(started)


SCHEDULES = {  # Of two epochs with two steps each.
    "step_size=0": r"a schedule of 2 epochs, StepLR says after 0: .*modulo",
    "gamma=-0.5": r"learning rates of at least 0, got -0\.0005 by StepLR after epoch 1\.",
    "gamma=.nan": r"learning rates of at least 0, got nan by StepLR after epoch 1\.",
}


@pytest.mark.parametrize("option", SCHEDULES)
def test_a_schedule_that_would_go_wrong_later_is_refused_at_first(option, run, tmp_path, capsys):
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", *words, f"--model.scheduler.init_args.{option}") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.search(f"model.scheduler expects {SCHEDULES[option]}", error)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("limits", "unit", "count"),
    [
        ({"max_epochs": 3}, "epoch", 3),
        ({"max_epochs": 3}, "step", 12),
        ({"max_epochs": 3, "accumulate_grad_batches": 3}, "step", 6),
        ({"max_epochs": 3, "max_steps": 5}, "step", 5),
        ({"max_epochs": 3, "max_steps": 5}, "epoch", 1),
        ({"max_epochs": -1, "max_steps": 50}, "epoch", 12),
        ({"max_epochs": -1}, "step", 20_000),
    ],
)
def test_a_schedule_is_followed_as_far_as_the_training_goes(limits, unit, count):
    trainer = {"max_steps": -1, "accumulate_grad_batches": 1, "num_training_batches": 4} | limits
    assert planned(SimpleNamespace(**trainer), unit) == count
    trainer["max_steps"] *= 2
    assert planned(SimpleNamespace(**trainer), unit, optimizers=2) == count


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (SelfAugmentedReference, {"rotation": float("nan")}),
        (SelfAugmentedReference, {"shift": float("inf")}),
        (SelfAugmentedReference, {"shared_rotation": -1.0}),
        (SelfAugmentedReference, {"scale": (1.0, float("inf"))}),
        (SelfAugmentedReference, {"scale": (1e-30, 1e30)}),
        (XDoG, {"sigma": float("nan")}),
        (XDoG, {"sigma": 1e9}),
        (XDoG, {"gamma": float("nan")}),
        (ColorDodge, {"sigma": float("inf")}),
        (MixedFilter, {"filters": [SobelLines()], "weights": [float("nan")]}),
        (PictureGrid, {"pairs": -1}),
        (Curves, {"pairs": 1}),
        (Curves, {"every_n_steps": -1}),
    ],
)
def test_settings_that_are_out_of_range_are_named(build, words):
    name = "weight" if "weights" in words else next(iter(words))
    with pytest.raises(InputError, match=f"{name}.*got"):
        build(**words)


def test_the_largest_useful_models_can_be_built():
    assert SketchColorFlow(downsamplings=4, nccbs=0, ccbs=1).multiple == 16


def test_images_too_small_to_be_scored_are_refused(tmp_path, capsys):
    folder = write_photos(tmp_path / "photos", 2)
    words = ("--results", folder, "--truth", folder, "--references", folder)
    assert flowcolor("score", *words, "--output", tmp_path / "out", "--size", 3) == 2
    assert "--size expects a number of at least 6, got 3" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_in_place_of_the_folder_of_an_ablation_is_named(run, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("kept")
    words = ("--table", "4.3", "--config", run.config, "--output", file)
    assert flowcolor("ablate", *words) == 2
    assert f"--output expects a folder, got the file {file}" in capsys.readouterr().err
    assert file.read_text() == "kept"


@pytest.mark.parametrize("name", ["os.getpid", "os.path.join", "builtins.id"])
def test_a_function_that_draws_nothing_is_no_sketch_filter(name, tmp_path, capsys):
    photos = write_photos(tmp_path / "photos", 2)
    words = ("--photos", photos, "--output", tmp_path / "ready", "--sketch_filter", name)
    assert flowcolor("prepare", *words, "--size", 16, "--workers", 1) == 2
    assert "sketch filter" in capsys.readouterr().err
