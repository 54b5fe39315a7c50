import signal

import pytest
import torch

from flowcolor.io.alone import LOCK
from flowcolor.models.checkpoint import load_model, read_checkpoint
from flowcolor.training.callbacks.evaluator import Evaluator
from flowcolor.training.callbacks.picture_grid import PictureGrid
from flowcolor.training.colorization_task import ColorizationTask
from flowcolor.training.task import Task
from tests.training.helpers import flowcolor, write_photos


@pytest.fixture(autouse=True)
def _ctrl_c():
    """Let Ctrl-C interrupt, which a shell has ignored for what it runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def fit(run, root, *words):
    return flowcolor("fit", "--config", run.config, "--trainer.default_root_dir", root, *words)


def test_an_interrupted_run_leaves_a_checkpoint_that_loads_and_resumes(
    run, tmp_path, monkeypatch, capsys
):
    step = ColorizationTask.training_step

    def interrupted(self, batch, batch_idx):
        if self.global_step == 3:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(ColorizationTask, "training_step", interrupted)
        assert fit(run, tmp_path) == 130  # Lightning would say 1, as of a failure.
    assert capsys.readouterr().err == "flowcolor: interrupted\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    assert read_checkpoint(last)["global_step"] == 3
    load_model(last)
    assert fit(run, tmp_path, "--ckpt_path", "last") == 0
    whole, resumed = read_checkpoint(run.last), read_checkpoint(last)
    for name, value in whole["state_dict"].items():
        assert torch.equal(value, resumed["state_dict"][name]), name


@pytest.mark.parametrize("command", ["validate", "test", "predict"])
def test_ctrl_c_and_sigterm_end_what_paints_after_the_batch_of_both(
    command, run, tmp_path, monkeypatch, capsys
):
    drawings = write_photos(tmp_path / "drawings", 3)
    folders = ("--data.predict.sketches", drawings, "--data.predict.photos", drawings)
    words = ("--ckpt_path", run.last, "--data.batch_size", 1, *(folders * (command == "predict")))
    step = f"{'validation' if command == 'validate' else command}_step"
    paint, painted = getattr(Task, step), []

    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):

        def one(self, *options, number=number):
            painted.append(number)
            signal.raise_signal(number)
            return paint(self, *options)

        monkeypatch.setattr(Task, step, one)
        root = tmp_path / str(status)
        assert status_of(command, *words, "--trainer.default_root_dir", root) == status
        assert painted.count(number) == 1
        assert not list(root.glob("*.json"))
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["validate", "test"])
def test_sigterm_ends_a_command_while_it_computes_scores(command, run, tmp_path, monkeypatch):
    """Lightning heeds it between batches only, and networks may score for minutes after them."""
    hook = f"on_{'validation' if command == 'validate' else command}_epoch_end"
    score, scored = getattr(Evaluator, hook), []

    def terminated(self, *trainer_and_task):
        signal.raise_signal(signal.SIGTERM)
        scored.append(score(self, *trainer_and_task))

    monkeypatch.setattr(Evaluator, hook, terminated)
    words = ("--ckpt_path", run.last, "--trainer.default_root_dir", tmp_path / "root")
    rival = ("--compare", run.last) if command == "test" else ()  # It would be tested, too.
    assert status_of(command, *words, *rival) == 143
    assert not scored
    assert not list(tmp_path.rglob("*.json"))


def status_of(*words):
    try:
        return flowcolor(*words)
    except SystemExit as stop:
        return stop.code


def end_of(folder):
    """Return the last checkpoint of a run and the score of the best weights."""
    last = read_checkpoint(folder / "checkpoints/last.ckpt")
    (best,) = (state for name, state in last["callbacks"].items() if "val/ssim" in name)
    return last, best["best_model_score"]


def assert_same_end(whole, resumed):
    (truth, score), (end, other) = end_of(whole), end_of(resumed)
    assert end["global_step"] == truth["global_step"]
    for part in ("state_dict", "current_model_state"):
        for name, value in truth.get(part, {}).items():
            assert torch.equal(value, end[part][name]), name
    assert [each["param_groups"] for each in end["optimizer_states"]] == [
        each["param_groups"] for each in truth["optimizer_states"]
    ]
    assert torch.equal(score, other)


TWICE = ("--trainer.accumulate_grad_batches", 2)
EVERY_3 = ("--trainer.check_val_every_n_epoch", "null", "--trainer.val_check_interval", 3)
INT, TERM = signal.SIGINT, signal.SIGTERM


def with_callback(name, arguments):
    listed = f"[{{class_path: lightning.pytorch.callbacks.{name}, init_args: {{{arguments}}}}}]"
    return "--trainer.callbacks", listed


BY_EPOCH = with_callback("GradientAccumulationScheduler", "scheduling: {0: 2}")
SWA = with_callback("StochasticWeightAveraging", "swa_lrs: 0.01, swa_epoch_start: 1")
EMA = with_callback("EMAWeightAveraging", "decay: 0.9")
EARLY_END = with_callback("EarlyStopping", "monitor: train/loss, patience: 9")
WATCHING = "init_args: {monitor: train/loss, patience: 0, threshold: 100.0}"
PLATEAU = (
    "--model.scheduler",
    f"{{class_path: lightning.pytorch.cli.ReduceLROnPlateau, {WATCHING}}}",
)


@pytest.mark.parametrize(
    ("task", "step", "number", "sent", "options"),
    [
        (ColorizationTask, "training_step", 3, INT, ()),
        (ColorizationTask, "training_step", 3, TERM, TWICE),  # Half a step is in the gradients.
        (ColorizationTask, "training_step", 2, INT, EVERY_3),
        (Task, "validation_step", 1, TERM, ()),
        (Task, "validation_step", 3, INT, ("--model.average", 0.9)),
        # What callbacks of Lightning learn when an epoch starts, which checkpoints do not hold.
        (ColorizationTask, "training_step", 3, TERM, BY_EPOCH),
        (ColorizationTask, "training_step", 3, INT, SWA),
        (Task, "validation_step", 1, TERM, EMA),
        # What is looked at after the validation is of the batch before it.
        (ColorizationTask, "training_step", 2, INT, EARLY_END),
        (Task, "validation_step", 1, TERM, PLATEAU),
    ],
)
def test_a_run_goes_on_where_ctrl_c_or_sigterm_ended_it_and_ends_with_the_same(
    task, step, number, sent, options, run, tmp_path, monkeypatch
):
    """Inside of an epoch, of a step of several batches, and of a validation of two batches."""
    whole = run.folder
    if options:
        assert fit(run, tmp_path / "whole", *options) == 0
        whole = tmp_path / "whole/version_0"
    take, taken = getattr(task, step), []

    def interrupted(self, *batch):
        taken.append(number)
        if len(taken) == number:
            signal.raise_signal(sent)
        return take(self, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(task, step, interrupted)
        words = ("fit", "--config", run.config, "--trainer.default_root_dir", tmp_path / "parts")
        assert status_of(*words, *options) == 128 + sent
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert fit(run, tmp_path / "parts", "--ckpt_path", "last", *options) == 0
    assert_same_end(whole, tmp_path / "parts/version_0")


ENDED = with_callback("EarlyStopping", "monitor: train/loss, patience: 0, min_delta: 100.0")


@pytest.mark.parametrize(
    "options",
    [(), ("--model.average", 0.9), EMA, SWA, (*ENDED, "--trainer.max_epochs", 3)],
)
def test_what_is_over_stays_as_it_is_when_it_is_resumed(options, run, tmp_path):
    """A training may be killed between its last checkpoint and the files that follow it."""
    options = (*options, "--best.monitor", "null", "--curves.picture", "true")
    assert fit(run, tmp_path, *options) == 0
    before = files_of(tmp_path)
    assert {"curves.csv", "curves.png", "model.safetensors", "last.ckpt"} <= before.keys()
    (tmp_path / "version_0/model.safetensors").unlink()
    (tmp_path / "version_0/curves.png").unlink()
    assert fit(run, tmp_path, "--ckpt_path", "last", *options) == 0
    after = files_of(tmp_path)
    assert [name for name, data in before.items() if after[name] != data] == []


def interrupt(patch, place):
    def interrupted(*_):
        raise KeyboardInterrupt

    patch.setattr(place, interrupted, raising=False)


def test_ctrl_c_before_a_training_goes_on_leaves_its_files(run, tmp_path, monkeypatch):
    average = ("--model.average", 0.9)
    assert fit(run, tmp_path, *average) == 0
    before = files_of(tmp_path)
    connector = "lightning.pytorch.trainer.connectors.checkpoint_connector._CheckpointConnector"
    interrupt(monkeypatch, f"{connector}.restore_optimizers_and_schedulers")
    longer = ("--ckpt_path", "last", "--trainer.max_epochs", 3)
    assert fit(run, tmp_path, *average, *longer) == 130
    assert files_of(tmp_path) == before


def test_ctrl_c_after_the_end_of_a_training_leaves_its_weights_beside_their_average(
    run, tmp_path, monkeypatch
):
    average = ("--model.average", 0.9)
    assert fit(run, tmp_path, *average) == 0
    interrupt(monkeypatch, f"{PictureGrid.__module__}.{PictureGrid.__name__}.on_fit_end")
    assert fit(run, tmp_path, *average) == 130
    last = (tmp_path / f"version_{number}/checkpoints/last.ckpt" for number in (0, 1))
    one, other = (read_checkpoint(path)["current_model_state"] for path in last)
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("place", ["on_fit_start", "on_fit_end"])
def test_sigterm_before_and_after_a_training_lets_its_folder_go(place, run, tmp_path, monkeypatch):
    """Lightning takes the signal in between alone; without it, the process would end at once."""
    seen = []

    def terminated(*_):
        seen.append(signal.getsignal(signal.SIGTERM))
        assert seen[-1] is not signal.SIG_DFL
        signal.raise_signal(signal.SIGTERM)

    hook = f"{PictureGrid.__module__}.{PictureGrid.__name__}.{place}"
    monkeypatch.setattr(hook, terminated, raising=False)
    assert status_of("fit", "--config", run.config, "--trainer.default_root_dir", tmp_path) == 143
    assert len(seen) == 1
    assert not list(tmp_path.rglob(LOCK))
    assert (tmp_path / "version_0").exists() == (place == "on_fit_end")


def files_of(root):
    """Return the files of a run that hold no time."""
    kinds = (".csv", ".png", ".safetensors", ".ckpt")
    return {path.name: path.read_bytes() for path in root.rglob("*") if path.suffix in kinds}


ALWAYS = ("--roundtrip.every_n_steps", 1)  # Its number stands in the row of every step.


@pytest.fixture(scope="module")
def with_every_row(run, tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    assert fit(run, root, *ALWAYS) == 0
    return root / "version_0"


@pytest.mark.parametrize("hook", ["on_train_batch_end", "on_validation_end", "on_train_epoch_end"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("--trainer.max_epochs", 2), ()),
        (("--trainer.max_steps", 4, "--trainer.max_epochs", -1), ()),
        (("--trainer.max_steps", 3), ("--trainer.max_steps", 4)),  # It ends inside of an epoch.
    ],
)
def test_a_run_goes_on_where_a_signal_ended_it_after_the_last_batch_of_an_epoch(
    hook, first, second, run, with_every_row, tmp_path, monkeypatch
):
    place = f"{PictureGrid.__module__}.{PictureGrid.__name__}.{hook}"
    ends, last = 2 if hook == "on_train_batch_end" else 1, 2 if second else 1
    seen = []

    def interrupted(self, trainer, *_):
        seen.append(trainer.global_step)
        if len(seen) == ends * last:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(place, interrupted, raising=False)
        words = ("fit", "--config", run.config, "--trainer.default_root_dir", tmp_path / "parts")
        status = status_of(*words, *ALWAYS, *first)
    assert status in ({143, 0} if second else {143})  # A limit may have ended it before.
    again = ("--ckpt_path", "last", *ALWAYS, *(second or first))
    assert fit(run, tmp_path / "parts", *again) == 0
    parts = tmp_path / "parts/version_0"
    assert_same_end(with_every_row, parts)
    assert (parts / "curves.csv").read_text() == (with_every_row / "curves.csv").read_text()


def test_a_second_ctrl_c_ends_a_training_inside_of_a_batch(run, tmp_path, monkeypatch):
    step, after = ColorizationTask.training_step, []

    def interrupted(self, batch, batch_idx):
        if self.global_step == 3:
            signal.raise_signal(signal.SIGINT)
            after.append("the first")
            signal.raise_signal(signal.SIGINT)
            after.append("the second")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ColorizationTask, "training_step", interrupted)
    assert fit(run, tmp_path) == 130
    assert after == ["the first"]
    assert read_checkpoint(tmp_path / "version_0/checkpoints/last.ckpt")["global_step"] == 3


@pytest.mark.parametrize("where", ["loss", "image"])
def test_numbers_that_are_not_finite_stop_in_one_sentence(
    run, tmp_path, monkeypatch, capsys, where
):
    step = ColorizationTask.training_step

    def poisoned(self, batch, batch_idx):
        if self.global_step == 3 and where == "image":
            batch["reference"][0, 0, 0, 0] = torch.nan
        if self.global_step == 3 and where == "loss":
            monkeypatch.setitem(self.objective.loss.weights, "l1", float("inf"))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ColorizationTask, "training_step", poisoned)
    assert fit(run, tmp_path) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "photo" in error
    assert ("step 3" in error) == (where == "loss")
    assert ("'reference'" in error) == (where == "image")
    # The checkpoint of the first epoch survives.
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    assert read_checkpoint(last)["global_step"] == 2
    assert all(value.isfinite().all() for value in load_model(last).state_dict().values())


def test_a_loss_that_is_not_finite_at_once_keeps_what_was_logged(
    run, tmp_path, monkeypatch, capsys
):
    step = ColorizationTask.training_step

    def poisoned(self, batch, batch_idx):
        monkeypatch.setitem(self.objective.loss.weights, "l1", float("inf"))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ColorizationTask, "training_step", poisoned)
    assert fit(run, tmp_path) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "step 0" in error
    assert "no checkpoint yet" in error
    folder = tmp_path / "version_0"
    assert (folder / "config.yaml").is_file()
    assert list(folder.glob("events*"))


def test_a_loss_that_is_not_finite_later_names_the_checkpoint_to_continue_from(
    run, tmp_path, monkeypatch, capsys
):
    step = ColorizationTask.training_step

    def poisoned(self, batch, batch_idx):
        if self.global_step == 3:
            monkeypatch.setitem(self.objective.loss.weights, "l1", float("inf"))
        return step(self, batch, batch_idx)

    monkeypatch.setattr(ColorizationTask, "training_step", poisoned)
    assert fit(run, tmp_path) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"continue from {tmp_path / 'version_0' / 'checkpoints'}" in error


def test_a_checkpoint_of_the_very_weights_that_fail_is_none_to_continue_from(run, tmp_path, capsys):
    steep = ("--model.optimizer.init_args.lr", 1e30, "--data.batch_size", 9)
    assert fit(run, tmp_path, *steep) == 2
    assert (tmp_path / "version_0/checkpoints/last.ckpt").is_file()
    error = capsys.readouterr().err.splitlines()[-1]
    assert "no checkpoint yet of other weights: start again" in error


def test_one_held_out_photograph_is_refused_before_training(run, tmp_path, capsys):
    assert fit(run, tmp_path, "--data.held_out", 1, "--trainer.check_val_every_n_epoch", 2) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "at least 2 held-out photographs" in error
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
