"""What is missing or forged in the state of a training is refused before it goes on."""

from pathlib import Path

import pytest
import torch
import yaml

from tests.training.helpers import flowcolor
from tests.training.test_resume import LAST, assert_same_end, fit

BATCHES = "epoch_loop.batch_progress"
AVERAGE = "WeightAverage"


def remove(*path):
    def change(checkpoint):
        for key in path[:-1]:
            checkpoint = checkpoint[key]
        del checkpoint[path[-1]]

    return change


def put(value, *path):
    def change(checkpoint):
        for key in path[:-1]:
            checkpoint = checkpoint[key]
        checkpoint[path[-1]] = value

    return change


def get(checkpoint, *path):
    for key in path:
        checkpoint = checkpoint[key]
    return checkpoint


GROUP = ("optimizer_states", 0, "param_groups", 0)
STATE = ("optimizer_states", 0, "state", 0)
SCHEDULE = ("lr_schedulers", 0)


def of_best(name, value):
    """Change the state of what keeps the best weights."""

    def change(checkpoint):
        (state,) = (each for each in checkpoint["callbacks"].values() if each.get("monitor"))
        state[name] = value

    return change


def scored(value):
    """Change the score of the best weights."""

    def change(checkpoint):
        (state,) = (each for each in checkpoint["callbacks"].values() if each.get("monitor"))
        state["best_k_models"] = dict.fromkeys(state["best_k_models"], value)

    return change


def turned_round(checkpoint):
    (group,) = checkpoint["optimizer_states"][0]["param_groups"]
    group["params"] = group["params"][::-1]


def resume(run, change, folder, *words):
    checkpoint = torch.load(run.last, weights_only=True)
    change(checkpoint)
    file = folder / "changed.ckpt"
    torch.save(checkpoint, file)
    return flowcolor("fit", "--config", run.config, "--ckpt_path", file, *words)


@pytest.mark.parametrize(
    "change",
    [
        remove("loops"),
        remove("callbacks"),
        remove("lr_schedulers"),
        put([], "optimizer_states"),
        put({}, "optimizer_states", 0, "state"),
        turned_round,
        put([], "lr_schedulers"),
        remove("lr_schedulers", 0, "last_epoch"),
        remove("loops", "fit_loop"),
        remove("loops", "fit_loop", BATCHES),
        remove("loops", "fit_loop", BATCHES, "total", "ready"),
        put("x", "loops", "fit_loop", BATCHES, "total", "processed"),
        put(-3, "loops", "fit_loop", BATCHES, "total", "completed"),
        put(9, "loops", "fit_loop", "epoch_progress", "current", "completed"),
        put("x", "loops", "fit_loop", "epoch_loop.state_dict", "_batches_that_stepped"),
        put(3, "global_step"),
    ],
)
def test_a_training_does_not_go_on_from_a_part_of_its_state(run, change, tmp_path, capsys):
    assert resume(run, change, tmp_path, "--trainer.max_epochs", 3) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "The checkpoint expects " in line
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize(
    "change",
    [
        # Each trains on without a word, and to other weights; or ends in an operator's error.
        put(True, *GROUP, "maximize"),
        put("x", *GROUP, "maximize"),
        put(True, *GROUP, "fused"),
        put(True, *GROUP, "differentiable"),
        put((1.8, 0.999), *GROUP, "betas"),
        put((0.9, torch.tensor(1.998)), *GROUP, "betas"),
        put(True, *GROUP, "eps"),
        put(float("nan"), *GROUP, "weight_decay"),
        put("x", *GROUP, "initial_lr"),
        remove(*GROUP, "betas"),
        put(torch.tensor([1, 2]), *GROUP, "params", 0),
        remove(*STATE, "exp_avg"),
        put(torch.ones(3, 5, 7), *STATE, "exp_avg"),
        put("x", *STATE, "step"),
        put(torch.tensor(-3.0), *STATE, "step"),
        lambda checkpoint: put(get(checkpoint, *STATE, "exp_avg").long(), *STATE, "exp_avg")(
            checkpoint
        ),
        put("x", *SCHEDULE, "gamma"),
        put([None], *SCHEDULE, "base_lrs"),
        put(float("nan"), *SCHEDULE, "gamma"),
        put(-4, *SCHEDULE, "last_epoch"),
        of_best("best_model_path", {"a": 1}),
        of_best("best_model_path", "elsewhere.ckpt"),
        of_best("kth_best_model_path", None),
        of_best("kth_value", torch.tensor(float("nan"))),
        # Each would keep other weights than the best, or fail after the next epoch.
        of_best("kth_value", torch.tensor(0.99)),
        of_best("best_model_score", torch.tensor(0.99)),
        of_best("kth_best_model_path", ""),
        scored(torch.tensor(0.99)),
        scored(10**30),
    ],
)
def test_a_training_does_not_go_on_with_what_is_none_of_its_settings(run, change, tmp_path, capsys):
    """Nothing is written, either: neither is a batch trained, nor a picture drawn."""
    assert resume(run, change, tmp_path, "--trainer.max_epochs", 3) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "The checkpoint expects " in line
    assert "damaged" in line
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf"), True, torch.ones(3)])
def test_a_learning_rate_that_is_none_is_refused(run, rate, tmp_path, capsys):
    change = put(rate, "optimizer_states", 0, "param_groups", 0, "lr")
    assert resume(run, change, tmp_path) == 2
    assert "under 'optimizer_states'" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["kth_best_model_path", "best_k_models", "last_model_path"])
@pytest.mark.parametrize("relative", [True, False])
def test_a_checkpoint_does_not_choose_what_is_deleted(
    run, place, relative, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = Path("runs/version_0/checkpoints")
    victim = tmp_path / "victim"
    victim.mkdir()

    def change(checkpoint):
        (state,) = (x for x in checkpoint["callbacks"].values() if x.get("monitor"))
        file = f"{folder}/../../../victim" if relative else str(victim)
        worst = torch.tensor(-1.0)
        value = {file: worst} if place == "best_k_models" else file
        state |= {"dirpath": str(folder), "kth_value": worst, "best_model_score": worst}
        state |= {"kth_best_model_path": "", "best_k_models": {}, "last_model_path": ""}
        state |= {place: value}

    folder.mkdir(parents=True)
    assert resume(run, change, folder, "--trainer.max_epochs", 3) == 2
    assert "victim', which would be deleted" in capsys.readouterr().err
    assert victim.is_dir()


@pytest.mark.parametrize(
    "change",
    [
        remove("current_model_state"),
        remove("averaging_state"),
        remove("callbacks", AVERAGE),
        lambda checkpoint: next(iter(checkpoint["current_model_state"].values())).fill_(torch.nan),
    ],
)
def test_an_average_does_not_go_on_without_its_weights(run, change, tmp_path, capsys):
    words = ("--model.average", 0.9)
    if not (run.root / "averaged").exists():
        assert fit(run, run.root / "averaged", *words) == 0
    checkpoint = torch.load(run.root / "averaged" / LAST, weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, tmp_path / "changed.ckpt")
    capsys.readouterr()
    more = ("--ckpt_path", tmp_path / "changed.ckpt", "--trainer.max_epochs", 3)
    assert flowcolor("fit", "--config", run.config, *words, *more) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "The checkpoint expects " in line or "expects finite weights" in line


def test_an_own_name_of_checkpoints_and_another_schedule_go_on(run, tmp_path):
    name = ("--best.filename", "deeper/best-{epoch}")
    assert fit(run, tmp_path, *name, "--trainer.max_epochs", 1) == 0
    assert fit(run, tmp_path, *name, "--ckpt_path", "last") == 0
    assert_same_end(run, tmp_path)
    config = yaml.safe_load(run.config.read_text())
    config["model"]["scheduler"] = None
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(config))
    words = ("--ckpt_path", tmp_path / LAST, "--trainer.max_epochs", 3)
    assert flowcolor("fit", "--config", other, *words) == 0
