"""The experiments of documents are configurations that say what they are."""

import pytest
import torch

from flowcolor.losses import MSELPIPSLoss
from flowcolor.models import UNetAdaIN
from flowcolor.models.checkpoint import load_model
from flowcolor.training.config_files import CONFIGS, find_config, packaged_overlays, read_yaml
from flowcolor.training.lightning_cli import TrainingCLI
from flowcolor.training.quiet import quiet
from tests.training.helpers import flowcolor

OVERLAYS = [name for name in packaged_overlays() if name.startswith("documents/004/")]
WIDE = {"width": 64, "dropout": 0.0}
MODELS = {
    "unet": WIDE | {"latent": 0},
    "collapse": WIDE | {"latent": 128},
    "full_width": {"width": 64, "latent": 32},
    **{f"latent{length}": {"latent": length} for length in (16, 64, 128)},
    "dropout0": {"dropout": 0.0},
    "dropout1": {"dropout": 0.1},
    "lab": {"space": "lab"},
    "lab_letter": {"space": "lab", "letter": True},
    "letter": {"letter": True},
    "solution1_sigmoid": {"sigmoid": True},
}
LOSSES = {
    "mse": {"mse": 1.0, "lpips": 0.0},
    "lpips": {"mse": 0.0, "lpips": 1.0},
    "lpips_letter": {"mse": 0.0, "lpips": 1.0, "letter": True},
    "lab_letter": {"space": "lab", "letter": True},
    "letter": {"letter": True},
    **{
        name: {"mse": 1.0, "lpips": 1.0} for name in ("solution1", "solution1_sigmoid", "solution2")
    },
}


def part(config, *keys):
    for key in keys:
        config = config.get(key, {})
    return config


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_experiment_begins_with_its_command_and_builds(name):
    text, found = find_config(name).read_text(), read_yaml(find_config(name))
    assert f"--config {name} --data.train PHOTOS" in text
    base = part(read_yaml(CONFIGS / "models/unetadain.yaml"), "model")
    short = name.rpartition("/")[2]
    arguments = part(found, "model", "colorizer", "init_args")
    assert arguments == MODELS.get(short, {})
    with torch.device("meta"):
        UNetAdaIN(**part(base, "colorizer", "init_args") | arguments)
    arguments = part(found, "model", "objective", "init_args", "loss", "init_args")
    assert arguments == LOSSES.get(short, {})
    MSELPIPSLoss(**part(base, "objective", "init_args", "loss", "init_args") | arguments)


def words(run, root, *more):
    tiny = ("width=2", "latent=4", "style_width=4")
    return (
        *("fit", "--config", "models/unetadain", *more, "--data.train", str(run.photos)),
        *(f"--model.colorizer.init_args.{word}" for word in tiny),
        *("--model.objective.init_args.loss.init_args.lpips=0", "--pictures.pairs=2"),
        *("--data.size=16", "--data.batch_size=2", "--data.held_out=3", "--trainer.max_epochs=1"),
        *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"),
        f"--trainer.default_root_dir={root}",
    )


def test_the_reference_is_the_photograph_itself_or_deformed(run, tmp_path):
    for names, same in (((), True), (("documents/004/deformed",), False)):
        more = [word for name in names for word in ("--config", name)]
        with quiet():
            data = TrainingCLI(words(run, tmp_path / str(same), *more), run=False).datamodule
        batch = data.complete(next(iter(data.train_dataloader())), True)
        assert torch.allclose(batch["reference"], batch["truth"], atol=1e-5) == same


@pytest.mark.parametrize("name", ["solution1", "solution2"])
def test_both_failed_solutions_train(name, run, tmp_path):
    assert flowcolor(*words(run, tmp_path, "--config", f"documents/004/{name}")) == 0
    folder = tmp_path / "version_0"
    state = torch.load(folder / "checkpoints/last.ckpt", weights_only=True)
    rates = [found["param_groups"][0]["lr"] for found in state["optimizer_states"]]
    assert rates == ([1e-4, 1e-5] if name == "solution2" else [1e-4])
    assert isinstance(load_model(folder / "model.safetensors"), UNetAdaIN)
    done = state["loops"]["fit_loop"]["epoch_loop.batch_progress"]["total"]["completed"]
    assert done == 2  # Four photographs, two at a time.
    assert set(state["state_dict"]) == {
        f"colorizer.{key}" for key in load_model(folder / "model.safetensors").state_dict()
    }
