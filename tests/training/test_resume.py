import re
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from lightning import Callback

from flowcolor.models.checkpoint import KEY, read_checkpoint
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.recorded import Recorded
from tests.training.helpers import flowcolor

LAST = "version_0/checkpoints/last.ckpt"


def weights(path):
    return read_checkpoint(path)["state_dict"]


def fit(run, root, *words):
    return flowcolor("fit", "--config", run.config, "--trainer.default_root_dir", root, *words)


# After one whole epoch, and in the middle of the first and of the second.
EVERY = ("--last.every_n_train_steps", 1)


@pytest.mark.parametrize(("steps", "every"), [(1, EVERY), (2, EVERY), (3, EVERY), (1, ()), (3, ())])
def test_a_resumed_run_ends_like_an_uninterrupted_one(run, tmp_path, steps, every):
    assert fit(run, tmp_path, "--trainer.max_steps", steps, *every) == 0
    assert read_checkpoint(tmp_path / LAST)["global_step"] == steps
    assert fit(run, tmp_path, "--ckpt_path", "last") == 0
    assert_same_end(run, tmp_path)
    assert not (tmp_path / "version_1").exists()


def test_a_run_that_a_limit_of_time_ends_inside_an_epoch_goes_on_in_it(run, tmp_path):
    """After one of two batches; the epoch is validated then, and once more at its end."""
    config = yaml.safe_load(run.config.read_text())
    stop = {"class_path": "tests.training.test_resume.TimeIsOver"}
    config["trainer"]["callbacks"] = [stop]
    limited = tmp_path / "limited.yaml"
    limited.write_text(yaml.safe_dump(config))
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", limited, *root) == 0
    assert read_checkpoint(tmp_path / LAST)["global_step"] == 1
    assert fit(run, tmp_path, "--ckpt_path", tmp_path / LAST) == 0
    assert_same_end(run, tmp_path)


def test_a_run_that_was_moved_keeps_its_best(run, tmp_path):
    shutil.copytree(run.root, tmp_path / "moved")
    best = tmp_path / "moved/version_0/checkpoints/best.ckpt"
    before = best.read_bytes()
    words = ("--trainer.max_epochs", 3, "--model.optimizer.init_args.lr", 3.0)  # Nothing is learnt.
    assert fit(run, tmp_path / "moved", "--ckpt_path", "last", *words) == 0
    assert best.read_bytes() == before


def test_a_checkpoint_that_was_copied_is_gone_on_with_again_before_there_is_another_best(
    run, tmp_path
):
    shutil.copy(run.last, tmp_path / "copied.ckpt")
    for steps, name in ((5, "copied"), (6, "checkpoints/last")):
        words = ("--trainer.max_epochs", 3, "--trainer.max_steps", steps)
        assert fit(run, tmp_path, "--ckpt_path", tmp_path / f"{name}.ckpt", *words) == 0


def test_a_checkpoint_does_not_need_the_weights_that_its_training_began_with(
    run, tmp_path, monkeypatch
):
    began = tmp_path / "began.safetensors"
    shutil.copy(run.last.parents[1] / "model.safetensors", began)
    assert fit(run, tmp_path, "--model.weights", began, "--trainer.max_epochs", 1) == 0
    last = tmp_path / LAST
    monkeypatch.chdir(tmp_path)
    assert flowcolor("validate", "--ckpt_path", last, "--model.weights", began.name) == 0
    began.unlink()
    assert flowcolor("validate", "--ckpt_path", last) == 0
    assert flowcolor("fit", "--ckpt_path", last, "--trainer.max_epochs", 2) == 0
    assert read_checkpoint(last)["global_step"] == 4


def test_a_checkpoint_keeps_what_a_step_depends_on(run, tmp_path, capsys):
    given = ("--seed_everything", 7, "--trainer.precision", "bf16-mixed")
    given += ("--trainer.gradient_clip_val", 0.001, "--trainer.accumulate_grad_batches", 2)
    assert fit(run, tmp_path / "whole", *given) == 0
    assert fit(run, tmp_path / "parts", *given, "--trainer.max_epochs", 1) == 0
    last = tmp_path / "parts" / LAST
    capsys.readouterr()
    assert flowcolor("fit", "--ckpt_path", last, "--trainer.max_epochs", 2) == 0
    assert "other than in the checkpoint" not in capsys.readouterr().out
    whole, parts = weights(tmp_path / "whole" / LAST), weights(last)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    others = ["--seed_everything", "3", "--trainer.precision", "32-true"]
    TrainingCLI(["fit", "--ckpt_path", str(last), *others], run=False)
    said = capsys.readouterr().out
    assert "other than in the checkpoint: seed_everything: 3 instead of 7\n" in said
    assert "other than in the checkpoint: trainer.precision: 32-true instead of bf16-mixed" in said


class TimeIsOver(Callback):
    """End a training as Lightning's timer does, which cannot be timed to a batch."""

    def on_train_batch_end(self, trainer, *_):
        trainer.should_stop = True


def assert_same_end(run, root):
    whole, resumed = read_checkpoint(run.last), read_checkpoint(root / LAST)
    assert resumed["global_step"] == whole["global_step"] == 4
    for name, value in whole["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name
    for mine, yours in zip(whole["optimizer_states"], resumed["optimizer_states"], strict=True):
        assert mine["param_groups"] == yours["param_groups"]
    assert whole["lr_schedulers"] == resumed["lr_schedulers"]


# A checkpoint of the end of an epoch, of its last batch, and of the batch before.
@pytest.mark.parametrize(
    "stop",
    [
        ("--trainer.max_epochs", 1),
        ("--trainer.max_steps", 2, "--last.every_n_train_steps", 1),
        ("--trainer.max_steps", 1, "--last.every_n_train_steps", 1),
        ("--trainer.max_steps", 3),
    ],
)
def test_a_run_with_loader_processes_resumes_as_if_it_had_not_stopped(run, tmp_path, stop):
    assert fit(run, tmp_path, *stop, "--data.num_workers", 1) == 0
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    rest = ("--trainer.max_epochs", 2, "--trainer.max_steps", -1)
    assert fit(run, tmp_path, "--ckpt_path", "last", *rest) == 0
    assert read_checkpoint(last)["global_step"] == 4
    resumed = weights(last)
    for name, value in weights(run.last).items():
        assert torch.equal(value, resumed[name]), name


# Lightning would begin the finished epoch once more, without a batch, and count it again.
@pytest.mark.parametrize(("epochs", "workers"), [(-1, 0), (2, 1)])
def test_a_limit_of_steps_goes_on_with_the_epoch_after_a_finished_one(
    run, tmp_path, epochs, workers
):
    assert fit(run, tmp_path, "--trainer.max_epochs", 1, "--data.num_workers", workers) == 0
    rest = ("--trainer.max_epochs", epochs, "--trainer.max_steps", 4)
    assert fit(run, tmp_path, "--ckpt_path", "last", *rest, "--data.num_workers", workers) == 0
    assert_same_end(run, tmp_path)


def test_loaders_that_are_made_anew_for_every_epoch_show_the_same(run, tmp_path):
    """Made before an epoch begins, when the batches of the one before still count."""
    anew = ("--trainer.reload_dataloaders_every_n_epochs", 1, "--data.num_workers", 1)
    assert fit(run, tmp_path, *anew, "--trainer.max_epochs", 1) == 0
    assert fit(run, tmp_path, *anew, "--ckpt_path", tmp_path / LAST) == 0
    assert_same_end(run, tmp_path)


@pytest.mark.parametrize("command", ["fit", "validate"])
def test_a_checkpoint_of_weights_alone_asks_for_the_configuration(run, tmp_path, command, capsys):
    file = tmp_path / "weights.ckpt"
    checkpoint = read_checkpoint(run.last)
    del checkpoint[KEY]["run"]
    torch.save(checkpoint, file)
    assert flowcolor(command, "--ckpt_path", file) == 2
    assert f"expects --config NAME_OR_FILE beside {file}, which holds" in capsys.readouterr().err


def test_a_run_on_a_few_batches_alone_resumes_inside_an_epoch(run, tmp_path):
    few = ("--trainer.overfit_batches", 2, "--trainer.max_epochs", 2)
    stop = ("--trainer.max_steps", 1, "--last.every_n_train_steps", 1)
    assert fit(run, tmp_path / "whole", *few) == 0
    assert fit(run, tmp_path / "parts", *few, *stop) == 0
    assert fit(run, tmp_path / "parts", *few, "--ckpt_path", "last") == 0
    whole, parts = (weights(tmp_path / name / LAST) for name in ("whole", "parts"))
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())


def test_two_runs_with_one_seed_are_equal_and_with_another_differ(run, tmp_path):
    assert fit(run, tmp_path) == 0
    assert fit(run, tmp_path, "--seed_everything=1") == 0
    same, other = (weights(tmp_path / f"version_{i}/checkpoints/last.ckpt") for i in range(2))
    truth = weights(run.last)
    assert all(torch.equal(value, same[name]) for name, value in truth.items())
    assert not all(torch.equal(value, other[name]) for name, value in truth.items())


def test_explicit_keys_win_over_the_checkpoint_and_it_says_so(run, tmp_path, capsys):
    words = ("--ckpt_path", run.last, "--model.optimizer.init_args.lr=0.01")
    words += ("--trainer.max_epochs=3", "--data.strict=true")
    checkpoint = tmp_path / "copy/checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(run.last.read_bytes())
    trainer = ("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false")
    words = ("--ckpt_path", checkpoint, *words[2:], *trainer)
    assert flowcolor("fit", *words) == 0
    said = capsys.readouterr().out
    assert "model.optimizer.init_args.lr: 0.01 instead of 0.001" in said
    assert "data.strict: True instead of False" in said
    after = read_checkpoint(checkpoint)
    # The schedule halves the rate every epoch; three epochs are over.
    assert after["optimizer_states"][0]["param_groups"][0]["lr"] == pytest.approx(0.01 / 8)
    assert after["flowcolor"]["run"]["data"]["strict"] is True
    # What nobody mentioned comes from the checkpoint, not from the classes' defaults.
    assert after["flowcolor"]["config"]["ccbs"] == 1


@pytest.mark.parametrize(
    "limit", ["trainer.max_epochs 2", "trainer.max_steps 4", "trainer.max_time 00:00:00:09"]
)
def test_a_training_that_was_over_says_how_to_go_on(limit, run, tmp_path, capsys):
    checkpoint = tmp_path / "copy/checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    content = read_checkpoint(run.last)
    content["callbacks"]["Timer"] = {"time_elapsed": {"train": 9.0}}
    torch.save(content, checkpoint)
    option, number = limit.split()
    words = ("--trainer.max_epochs", 9, f"--{option}", number, "--ckpt_path", checkpoint)
    assert flowcolor("fit", "--config", run.config, *words) == 0
    said = limit.removesuffix(" 00:00:00:09")
    assert (
        f"this training was over before, by {said}: to go on, raise it" in capsys.readouterr().out
    )


def test_weights_start_a_new_training_without_the_optimizer(run, tmp_path):
    words = ("--model.weights", run.last, "--trainer.max_steps=1")
    assert fit(run, tmp_path, *words, "--model.optimizer.init_args.lr=0") == 0
    after = read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")
    assert after["global_step"] == 1
    assert all(torch.equal(v, after["state_dict"][k]) for k, v in weights(run.last).items())


@pytest.mark.parametrize(
    "refused",
    [
        ("--model.colorizer.init_args.ccbs", 2),
        ("--best.monitor", "val/none"),
        ("--model.scheduler.init_args.step_size", 0),
        ("--trainer.val_check_interval", 100),
        # Its trials would be gone on with.
        ("--trainer.callbacks+", "lightning.pytorch.callbacks.BatchSizeFinder"),
    ],
)
def test_a_training_that_is_not_gone_on_with_keeps_its_configuration(run, refused):
    config, files = run.folder / "config.yaml", sorted(run.folder.rglob("*"))
    before = config.read_text()
    words = ("--config", run.config, "--ckpt_path", run.last, "--trainer.max_epochs", 3)
    assert flowcolor("fit", *words, *refused) == 2
    assert config.read_text() == before
    assert sorted(run.folder.rglob("*")) == files  # As an empty file of TensorBoard's.


def test_a_refused_checkpoint_in_a_folder_of_its_own_stays_alone(run, tmp_path):
    checkpoint = torch.load(run.last, weights_only=True)
    checkpoint["optimizer_states"] = []
    torch.save(checkpoint, tmp_path / "copy.ckpt")
    words = ("--config", run.config, "--ckpt_path", tmp_path / "copy.ckpt")
    assert flowcolor("fit", *words, "--trainer.max_epochs", 3) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["copy.ckpt"]


def test_a_checkpoint_in_a_folder_of_models_is_one_sentence_and_so_is_a_place_that_is_not_used(
    run, tmp_path, capsys
):
    (tmp_path / "model.safetensors").write_text("of another")
    shutil.copy(run.last, tmp_path / "copy.ckpt")
    assert fit(run, tmp_path / "new", "--ckpt_path", tmp_path / "copy.ckpt") == 2
    assert "beside which model.safetensors lies" in capsys.readouterr().err
    assert (tmp_path / "model.safetensors").read_text() == "of another"
    (tmp_path / "model.safetensors").unlink()
    words = ("--ckpt_path", tmp_path / "copy.ckpt", "--trainer.max_epochs", 3)
    assert fit(run, tmp_path / "new", *words) == 0
    expected = f"and not below --trainer.default_root_dir {tmp_path / 'new'}\n"
    assert expected in capsys.readouterr().out
    assert not (tmp_path / "new").exists()
    # It is a configuration for another training.
    assert "ckpt_path: null" in (tmp_path / "config.yaml").read_text("utf-8")


def test_a_checkpoint_of_another_size_is_one_sentence(run, tmp_path, capsys):
    other, files = ("--model.colorizer.init_args.ccbs", 2), sorted(run.folder.rglob("*"))
    assert fit(run, tmp_path, "--ckpt_path", run.last, *other) == 2
    assert "holds a model of another size" in capsys.readouterr().err
    assert sorted(run.folder.rglob("*")) == files
    assert fit(run, tmp_path, "--model.weights", run.last, *other) == 2
    assert "holds a model of another size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "value", "expected"),
    [
        ("state_dict", {"objective.critic.bias": torch.ones(2)}, r"critic\.bias' expects nothing"),
        ("state_dict", {"objective.critic.bias": 5}, r"a tensor as 'objective\.critic\.bias'"),
        ("ColorizationDataModule", {"held_out": 5}, "expects the names of held-out photographs"),
    ],
)
def test_what_belongs_to_no_model_of_this_kind_is_one_sentence(
    run, part, value, expected, tmp_path, capsys
):
    checkpoint = torch.load(run.last, weights_only=True)
    checkpoint[part] |= value
    torch.save(checkpoint, tmp_path / "other.ckpt")
    assert fit(run, tmp_path / "runs", "--ckpt_path", tmp_path / "other.ckpt") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(expected, line)


def test_a_folder_in_place_of_a_file_of_the_logger_is_one_sentence(run, tmp_path, capsys):
    checkpoint = tmp_path / "checkpoints/last.ckpt"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(run.last.read_bytes())
    (tmp_path / "hparams.yaml").mkdir()
    words = ("--ckpt_path", checkpoint, "--trainer.max_epochs=3", "--trainer.accelerator=cpu")
    assert flowcolor("fit", *words, "--trainer.enable_progress_bar=false") == 2
    assert f"flowcolor: {tmp_path} cannot be written: " in capsys.readouterr().err


def test_what_was_trained_on_a_folder_of_any_name_is_tested_on_it(run, tmp_path):
    config = {"data": {"train": "\N{GRINNING FACE} \N{LATIN SMALL LETTER E WITH ACUTE}\x7f\x85\n"}}
    with Recorded(run.last, config).as_words() as (_, file):
        assert yaml.safe_load(Path(file).read_text("utf-8")) == config


def test_continuing_from_an_exported_model_is_refused(run, tmp_path, capsys):
    assert fit(run, tmp_path, "--ckpt_path", run.folder / "model.safetensors") == 2
    assert "use --model.weights" in capsys.readouterr().err
