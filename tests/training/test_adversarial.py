"""Training against a critic, from YAML: it resumes, runs on two processes, and counts batches."""

import json

import pytest
import torch

from flowcolor.models.checkpoint import load_model, read_checkpoint
from flowcolor.training.adversarial_task import AdversarialTask
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from tests.training.helpers import TWO_PROCESSES, flowcolor, flowcolor_alone, write_config

pytestmark = pytest.mark.usefixtures("_leave_the_group")
RESUME = ("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false")


@pytest.fixture(scope="module")
def config(run, tmp_path_factory):
    file = write_config(tmp_path_factory.mktemp("adversarial") / "game.yaml", run.photos)
    config = json.loads(file.read_text())
    critic = {"class_path": "flowcolor.models.PatchCritic", "init_args": {"width": 4, "layers": 1}}
    config["model"]["objective"] = {
        "class_path": "flowcolor.training.objectives.Adversarial",
        "init_args": {
            "objective": config["model"]["objective"],
            "critic": critic,
            "optimizer": {"class_path": "torch.optim.Adam", "init_args": {"lr": 0.01}},
        },
    }
    file.write_text(json.dumps(config))
    return file


@pytest.fixture(scope="module")
def game(config, tmp_path_factory):
    root = tmp_path_factory.mktemp("game")
    assert flowcolor("fit", "--config", config, "--trainer.default_root_dir", root) == 0
    return root / "version_0"


def state(folder):
    return torch.load(folder / "checkpoints/last.ckpt", weights_only=True)


def test_both_players_move_and_only_the_colorizer_is_exported(game, config):
    words = ["fit", "--config", str(config), f"--trainer.default_root_dir={game / 'x'}"]
    with quiet():
        fresh = TrainingCLI(words, run=False).model
    assert isinstance(fresh, AdversarialTask)
    before, after = fresh.state_dict(), state(game)["state_dict"]
    for player in ("colorizer.", "objective.critic."):
        own = [name for name in before if name.startswith(player)]
        assert [name for name in own if not torch.equal(before[name], after[name])]
    model = load_model(game / "model.safetensors")
    assert not [name for name in model.state_dict() if "critic" in name]


def test_intervals_and_limits_count_batches(game, config, tmp_path):
    """Lightning counts the steps of both optimizers."""
    names = {path.name for path in (game / "pictures").iterdir()}
    assert {"train-000002.png", "train-000004.png"} == {n for n in names if n.startswith("train")}
    words = ("--trainer.max_steps=3", "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", config, *words) == 0
    progress = state(tmp_path / "version_0")["loops"]["fit_loop"]["epoch_loop.batch_progress"]
    assert progress["total"]["processed"] == 3


def test_the_least_number_of_steps_counts_batches(config, tmp_path):
    root = ("--trainer.default_root_dir", str(tmp_path))
    words = ["fit", "--config", str(config), "--trainer.min_steps=3", *root]
    assert TrainingCLI(words, run=False).trainer.fit_loop.epoch_loop.min_steps == 6


def test_both_schedules_advance(game):
    rates = [s["param_groups"][0]["lr"] for s in state(game)["optimizer_states"]]
    assert rates == pytest.approx([1e-3 / 4, 0.01 / 4])


# At an epoch's end, inside of an epoch, and from an epoch's last batch.
@pytest.mark.parametrize(
    "stop",
    [
        ("--trainer.max_epochs=1",),
        ("--trainer.max_steps=3",),
        ("--trainer.max_steps=2", "--last.every_n_train_steps=1"),
    ],
)
def test_a_resumed_game_ends_like_one_in_one_go(game, config, tmp_path, stop):
    half = (*stop, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", config, *half) == 0
    last = tmp_path / "version_0/checkpoints/last.ckpt"
    rest = ("--trainer.max_epochs=2", "--trainer.max_steps=-1")
    assert flowcolor("fit", "--ckpt_path", last, *rest, *RESUME) == 0
    whole, parts = state(game), state(tmp_path / "version_0")
    assert whole["global_step"] == parts["global_step"]
    for name, value in whole["state_dict"].items():
        assert torch.equal(value, parts["state_dict"][name]), name
    assert whole["lr_schedulers"] == parts["lr_schedulers"]


def test_checkpoints_every_so_many_steps_count_batches(config, tmp_path):
    kept = ("--last.every_n_train_steps=3", "--last.filename={step}", "--last.save_top_k=-1")
    words = (*kept, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", config, *words) == 0
    files = {path.name for path in (tmp_path / "version_0/checkpoints").iterdir()}
    assert files - {"best.ckpt"} == {"6.ckpt"}  # Lightning's number: 2 steps for a batch.


def test_a_changed_rate_of_the_critic_wins_over_the_checkpoint(game, tmp_path):
    copy = tmp_path / "copy/checkpoints/last.ckpt"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((game / "checkpoints/last.ckpt").read_bytes())
    rate = "--model.objective.init_args.optimizer.init_args.lr=0.08"
    assert flowcolor("fit", "--ckpt_path", copy, rate, "--trainer.max_epochs=3", *RESUME) == 0
    rates = [s["param_groups"][0]["lr"] for s in read_checkpoint(copy)["optimizer_states"]]
    assert rates == pytest.approx([1e-3 / 8, 0.08 / 8])


def test_two_processes_have_the_weights_of_one(config, tmp_path):
    """Gradients and steps of two processes with one photograph each are those of one with two."""
    # Adam would turn rounding of the smallest gradients into whole steps.
    plain = ["--model.objective.init_args.gradient_clip_val=null"]
    for optimizer in ("--model.optimizer", "--model.objective.init_args.optimizer"):
        plain += [f"{optimizer}=torch.optim.SGD", f"{optimizer}.init_args.lr=0.001"]
    for name, words in (
        ("one", ("--data.batch_size=2",)),
        ("two", ("--data.batch_size=1", *TWO_PROCESSES)),
    ):
        words = (*words, "--trainer.max_steps=2", "--trainer.default_root_dir", tmp_path / name)
        assert flowcolor_alone("fit", "--config", config, *plain, *words) == 0
    one, two = (state(tmp_path / name / "version_0")["state_dict"] for name in ("one", "two"))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-4, atol=1e-5, msg=name)


def test_a_game_runs_in_bfloat16_and_reversible_memory_and_is_tested(game, config, tmp_path):
    words = ("--trainer.precision=bf16-mixed", "--trainer.max_epochs=1")
    words += ("--model.colorizer.init_args.memory=reversible",)
    root = ("--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", config, *words, *root) == 0
    assert all(v.isfinite().all() for v in state(tmp_path / "version_0")["state_dict"].values())
    assert flowcolor("test", "--ckpt_path", game / "checkpoints/last.ckpt", *root) == 0
    report = json.loads((tmp_path / "test.json").read_text())
    assert report["roundtrip"].keys() == {"smooth", "flat", "real"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--trainer.gradient_clip_val=1"], "objective.init_args.gradient_clip_val instead"),
        (["--trainer.gradient_clip_algorithm=value"], "gradient_clip_algorithm expects null"),
        (["--trainer.accumulate_grad_batches=2"], "accumulate_grad_batches expects 1"),
        (
            ["--model.optimizer=torch.optim.LBFGS"],
            "expects ones that compute a loss once in a step",
        ),
        (["--model.colorizer=flowcolor.models.Tint"], "Adversarial expects a colorizer with weig"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_leaves_nothing(
    words, sentence, config, tmp_path, capsys
):
    root = ("--trainer.default_root_dir", tmp_path / "runs")
    assert flowcolor("fit", "--config", config, *root, *words) == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list((tmp_path / "runs").glob("*"))
