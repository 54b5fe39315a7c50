"""Numbers that no option can have: one sentence that names the option, and nothing is written."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch.loops.utilities import _parse_loop_limits
from torch.optim.lr_scheduler import LambdaLR

from flowcolor.data import SelfAugmentedReference
from flowcolor.data.sketches import ColorDodge, MixedFilter, SobelLines, XDoG
from flowcolor.errors import InputError
from flowcolor.models import SketchColorFlow
from flowcolor.training.callbacks.curves import Curves
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.callbacks.roundtrip_monitor import RoundTripMonitor
from flowcolor.training.objectives import Refining, SelfSupervised
from flowcolor.training.rates import check_rates, planned, require_least
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
    "--roundtrip.every_n_steps=0": "roundtrip.every_n_steps expects a whole number of at least 1",
    "--pictures.pairs=0": "pictures.pairs expects a whole number of at least 1, got 0",
    "--pictures.every_n_steps=-1": "pictures.every_n_steps expects",
    "--pictures.test_pairs=-1": "pictures.test_pairs expects",
    "--pictures.extremes=-1": "pictures.extremes expects",
    "--curves.pairs=4": "fit expects --curves.every_n_steps N beside --curves.pairs, without which",
    "--curves.networks.random_weights=true": "beside --curves.networks.random_weights, without wh",
    "--model.objective.loss.l1=-1": "built: Loss weights must be finite and not negative, got .*-1",
    '--model.objective.loss={"class_path": "flowcolor.losses.FeatureLoss", "init_args": {"l1": -2}}'
    "": "built: Loss weights must be finite and not negative, got .*-2",
    "--trainer.accelerator=tpu": "cannot be built: .*torch_xla",
    "--trainer.precision=transformer-engine": "cannot be built: .*transformer_engine",
    "--trainer.devices=99999999": "trainer.devices expects a number from 1 to 4096, got 99999999",
    '--data.augment={"class_path": "flowcolor.data.SelfAugmentedReference", "init_args": {"hints": '
    '{"class_path": "flowcolor.data.HintPoints"}}}': "hints expects a model .* SketchColorFlow",
    "--trainer.callbacks+=lightning.pytorch.callbacks.BackboneFinetuning": "expects no BackboneFin",
    "--trainer.callbacks+=lightning.pytorch.callbacks.ModelCheckpoint": "built: Found more than",
    "--trainer.callbacks+=lightning.pytorch.callbacks.BaseFinetuning": "what it freezes, got Base",
    '--trainer.callbacks+={"class_path": "lightning.pytorch.callbacks.ModelPruning", "init_args": '
    '{"pruning_fn": "l1_unstructured"}}': "no ModelPruning, .* SketchColorFlow, whose",
    '--trainer.callbacks+={"class_path": "lightning.pytorch.callbacks.StochasticWeightAveraging", '
    '"init_args": {"swa_lrs": 0.1, "swa_epoch_start": 9}}': "to be at most .*epochs, 2, got 9",
    '--trainer.callbacks={"class_path": "WeightAveraging"}': (
        "use_buffers=false for SketchColorFlow, .* model.average averages weights, too"
    ),
    "--best.dirpath=/dev/null": "dirpath of ModelCheckpoint expects a folder, got the file /dev",
    '--trainer.callbacks+={"class_path": "OnExceptionCheckpoint", "init_args": {"dirpath": '
    '"/dev/null/x"}}': "dirpath of OnExceptionCheckpoint expects a place in a folder, got",
    '--trainer.logger={"class_path": "CSVLogger", "init_args": {"save_dir": "/dev/null/x"}}': (
        "save_dir of CSVLogger expects a place in a folder, got /dev/null/x: /dev/null is a file"
    ),
    '--trainer.logger=[{"class_path": "TensorBoardLogger", "init_args": {"save_dir": '
    '"/dev/null"}}]': "save_dir of TensorBoardLogger expects a folder, got the file /dev/null",
    '--trainer.profiler={"class_path": "SimpleProfiler", "init_args": {"dirpath": "/dev/null", '
    '"filename": "times"}}': "dirpath of SimpleProfiler expects a folder, got the file /dev/null",
    "--trainer.barebones=true": "trainer.barebones expects false, because every run keeps files",
    "--trainer.enable_checkpointing=false": "enable_checkpointing expects true, because a run ends",
    "--trainer.profiler=xla": "profiler expects the package torch_xla for xla, which is not the",
    '--trainer.profiler={"class_path": "XLAProfiler"}': "the package torch_xla for .*XLAProfiler,",
    "--trainer.model_registry=me/faces": "trainer.model_registry expects null, .* got me/faces",
    "--best.filename={val/ssim:.2q}": r"as {epoch:02d}, got {val/ssim:.2q} \(Unknown format",
    "--last.filename={epoch": r"as {epoch:02d}, got {epoch \(expected '}' before end",
    "--best.filename=last": "best.filename expects another name than last.filename, got last",
    '--trainer.callbacks={"class_path": "ModelCheckpoint", "init_args": {"filename": "last", '
    '"monitor": "train/loss"}}': "another name than that of any other, got last for two",
    "--trainer.num_nodes=99999": "trainer.num_nodes expects a number from 1 to 4096, got 99999",
    "--trainer.gradient_clip_val=-1": "gradient_clip_val expects a number of at least 0, got -1",
    "--trainer.gradient_clip_algorithm=value": "expects trainer.gradient_clip_val beside it, with",
    "--trainer.log_every_n_steps=-1": "log_every_n_steps expects a number of at least 0, got -1",
    "--trainer.min_epochs=-1": "trainer.min_epochs expects a number of at least 0, got -1",
    "--trainer.min_epochs=3": "trainer.min_epochs expects at most trainer.max_epochs, 2, got 3",
    "--trainer.max_time=00:00:00:00": "trainer.max_time expects a time above 0, got 0 seconds",
    '--trainer.max_time={"seconds": -5}': "trainer.max_time expects .* got -5 seconds",
    "--trainer.accumulate_grad_batches=0": "accumulate_grad_batches expects .* 1, got 0",
    "--trainer.check_val_every_n_epoch=0": "check_val_every_n_epoch expects .* 1, got 0",
    "--trainer.num_sanity_val_steps=-5": "num_sanity_val_steps expects .* at least -1, got -5",
    "--model.optimizer=torch.optim.Muon": "optimizer cannot be built: Muon only supports 2D",
    "--model.optimizer.init_args.lr=-1": "model.optimizer.lr expects .* at least 0, got -1[.]0[.]$",
    "--model.optimizer.init_args.lr=.inf": "model.optimizer.lr expects .*, got inf",
    "--model.optimizer.init_args.betas=[2, 0.9]": "optimizer cannot be built: Invalid beta .* 2.0",
    '--model.scheduler={"class_path": "torch.optim.lr_scheduler.OneCycleLR", "init_args": '
    '{"max_lr": 0.1}}': "The schedule cannot be built: You must define either total_steps",
    "--model.scheduler.init_args.step_size=-1": "scheduler.step_size expects .* at least 0, got -1",
    "--model.scheduler.init_args.gamma=.nan": "model.scheduler.gamma expects .*, got nan",
    "--model.scheduler.init_args.last_epoch=7": "last_epoch expects -1, because .* got 7",
    '--model.scheduler={"class_path": "torch.optim.lr_scheduler.MultiStepLR", "init_args": '
    '{"milestones": [1, -1]}}': "model.scheduler.milestones expects .* at least 0, got -1",
    '--model.scheduler={"class_path": "lightning.pytorch.cli.ReduceLROnPlateau", "init_args": '
    '{"monitor": "val/ssim", "patience": -1}}': "model.scheduler.patience expects .*, got -1",
    '--model.objective={"class_path": "flowcolor.training.objectives.Alternating", "init_args": '
    '{"optimizer": {"class_path": "torch.optim.SGD", "init_args": {"dampening": -1}}}}': (
        "model.objective.optimizer.dampening expects .* at least 0, got -1"
    ),
    '--trainer.callbacks+={"class_path": "EarlyStopping", "init_args": {"monitor": "val/ssim", '
    '"patience": -1}}': "trainer.callbacks.patience expects a number of at least 0, got -1",
    '--trainer.callbacks={"class_path": "EarlyStopping", "init_args": {"monitor": "val/ssim", '
    '"min_delta": .nan}}': "trainer.callbacks.min_delta expects a number, got nan",
    "--best.every_n_epochs=-1": "best.every_n_epochs expects a number of at least 0, got -1",
    "--last.train_time_interval=-1 day, 0:00:00": "last.train_time_interval expects .*, got -86400",
    "--trainer.val_check_interval=0": "val_check_interval expects .* got 0",
    "--trainer.val_check_interval=100": "lightning.* says: .*must be less than or equal",
    "--model.colorizer.init_args.downsamplings=7": "up to 4 billion parameters, got 7, 1 and 1",
    "--model.colorizer.init_args.downsamplings=9": "up to 4 billion parameters, got 9, 1 and 1",
    "--model.colorizer.init_args.downsamplings=1000000": "up to 1024, got 1000000, 1 and 1",
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
    assert not list(tmp_path.iterdir())


def test_what_an_optimizer_refuses_in_the_middle_of_a_run_is_one_sentence(run, tmp_path, capsys):
    optimizer = "--model.optimizer=torch.optim.SparseAdam"
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path, optimizer)
    assert flowcolor("fit", *words) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    started = "flowcolor: flowcolor fit cannot be run, torch.optim.sparse_adam says: "
    assert error.startswith(started)


def test_statistics_that_processes_without_a_gpu_cannot_share_are_refused(run, tmp_path, capsys):
    model = '{"class_path": "SCFT", "init_args": {"width": 2, "levels": 2, "inner": 4}}'
    shared = ("--trainer.strategy", "ddp", "--trainer.sync_batchnorm", "true")
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs", *shared)
    assert flowcolor("fit", *words, "--model.colorizer", model) == 2
    assert "trainer.sync_batchnorm expects a GPU for each process" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_numbers_below_0_that_mean_something_are_kept(run, tmp_path):
    stop = '{"class_path": "EarlyStopping", "init_args": {"monitor": "val/ssim", "min_delta": -1}}'
    words = ("--trainer.default_root_dir", tmp_path, "--trainer.max_epochs", 1)
    words = (*words, "--trainer.callbacks+", stop, "--best.save_top_k", -1)
    optimizer = "--model.optimizer=torch.optim.Adafactor"  # Its beta2_decay is -0.8.
    assert flowcolor("fit", "--config", run.config, *words, optimizer) == 0


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--model.scheduler.init_args.step_size=0", "of 2 epochs, StepLR says after 0: .*modulo"),
        ("--trainer.min_steps=9", r"min_steps expects at most the \d steps of .*_epochs 2, got 9"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_at_first(
    option, sentence, run, tmp_path, capsys
):
    words = ("--config", run.config, "--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", *words, option) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert re.search(sentence, error)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("rate", "shown"), [(-0.5, "-0.5"), (float("nan"), "nan")])
def test_a_rate_that_would_go_wrong_later_is_refused_at_first(rate, shown):
    def build(parameters):
        optimizer = torch.optim.SGD(parameters, lr=1.0)
        return optimizer, LambdaLR(optimizer, lambda epoch: rate if epoch == 3 else 1.0)

    check_rates(build, 3, "epoch")
    with pytest.raises(InputError, match=f"at least 0, got {shown} by LambdaLR after epoch 3"):
        check_rates(build, 4, "epoch")


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
        ({"max_epochs": -1}, "epoch", 20_000),  # As of a training that ends by its time.
    ],
)
def test_a_schedule_is_followed_as_far_as_the_training_goes(limits, unit, count):
    trainer = {"max_steps": -1, "accumulate_grad_batches": 1, "num_training_batches": 4} | limits
    assert planned(SimpleNamespace(**trainer), unit) == count
    trainer["max_steps"] *= 2
    assert planned(SimpleNamespace(**trainer), unit, optimizers=2) == count


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"max_epochs": 3, "min_steps": 13}, "steps"),
        ({"max_epochs": 3, "accumulate_grad_batches": 3, "min_steps": 7}, "steps"),
        ({"max_steps": 11, "min_epochs": 3}, "epochs"),
    ],
)
def test_a_least_that_the_most_prevents_is_refused(limits, name):
    usual = {"max_epochs": -1, "max_steps": -1, "min_epochs": None, "min_steps": None}
    usual |= {"accumulate_grad_batches": 1, "num_training_batches": 4}
    with pytest.raises(InputError, match=f"min_{name} expects .* got {limits[f'min_{name}']}"):
        require_least(SimpleNamespace(**usual | limits))
    limits[f"min_{name}"] -= 1
    require_least(SimpleNamespace(**usual | limits))


def test_an_epoch_that_lightning_adds_to_least_steps_is_not_asked_for():
    added, _ = _parse_loop_limits(1, 2, None, None, SimpleNamespace(callbacks=[]))
    limits = {"min_steps": 1, "max_steps": 2, "min_epochs": added, "max_epochs": -1}
    usual = {"accumulate_grad_batches": 1, "num_training_batches": 4}
    assert added == 1
    require_least(SimpleNamespace(**usual, **limits))
    with pytest.raises(InputError, match=r"min_epochs expects .* got 1"):  # A user's own is.
        require_least(SimpleNamespace(**usual, **limits | {"min_steps": None}))


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


def test_numbers_of_one_byte_of_numpy_are_not_refused_and_do_not_overflow_in_a_run():
    for build in (Curves, PictureGrid, RoundTripMonitor):
        built = build(every_n_steps=np.uint8(200))
        assert 300 % built.every_n_steps == 100
    refining = Refining(np.int8(4), np.int8(64))
    assert (refining.width, refining.size) == (4, 64)
    assert SelfSupervised(np.uint8(40), np.uint8(200)).head[1].weight.shape == (200, 320)


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
