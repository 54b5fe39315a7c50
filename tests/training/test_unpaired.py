"""Training both ways without pairs, from YAML: it resumes as if it had not been interrupted."""

import json

import pytest
import torch

from flowcolor.models.checkpoint import load_model
from tests.training.helpers import flowcolor, write_config

pytestmark = pytest.mark.usefixtures("_leave_the_group")


@pytest.fixture(scope="module")
def config(run, tmp_path_factory):
    file = write_config(tmp_path_factory.mktemp("unpaired") / "both.yaml", run.photos)
    config = json.loads(file.read_text())
    critic = {
        "class_path": "flowcolor.models.PatchCritic",
        "init_args": {"channels": 3, "width": 4, "layers": 1},
    }
    config["model"]["objective"] = {
        "class_path": "flowcolor.training.objectives.Unpaired",
        "init_args": {"photo_critic": critic, "drawing_critic": critic, "pool": 2},
    }
    config["model"]["colorizer"] = {
        "class_path": "flowcolor.models.RevGAN",
        "init_args": {"width": 2, "blocks": 1, "memory": "reversible"},
    }
    file.write_text(json.dumps(config))
    return file


def test_a_resumed_training_has_the_weights_and_the_pool_of_one_in_one_go(config, tmp_path):
    whole, half = tmp_path / "whole", tmp_path / "half"
    assert flowcolor("fit", "--config", config, "--trainer.default_root_dir", whole) == 0
    words = ("--trainer.max_epochs=1", "--trainer.default_root_dir", half)
    assert flowcolor("fit", "--config", config, *words) == 0
    last = half / "version_0/checkpoints/last.ckpt"
    words = ("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false")
    assert flowcolor("fit", "--ckpt_path", last, "--trainer.max_epochs=2", *words) == 0
    states = [
        torch.load(path, weights_only=True)["state_dict"]
        for path in (whole / "version_0/checkpoints/last.ckpt", last)
    ]
    pools = [
        [s.pop(f"objective.{k}_pool._extra_state") for k in ("photo", "drawing")] for s in states
    ]
    torch.testing.assert_close(*states, rtol=0, atol=0)
    torch.testing.assert_close(*pools, rtol=0, atol=0)
    assert pools[0][0]["seen"] == 8
    model = load_model(half / "version_0/model.safetensors")
    assert not [name for name in model.state_dict() if "critic" in name or "pool" in name]
