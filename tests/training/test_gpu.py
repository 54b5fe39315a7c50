"""Training on a GPU: in every precision, against a critic, and resumed to the same weights."""

import json

import pytest
import torch

from flowcolor.models.checkpoint import load_model
from tests.training.helpers import flowcolor, write_config

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module", params=["Paired", "Adversarial"])
def config(request, run, tmp_path_factory):
    file = write_config(tmp_path_factory.mktemp("gpu") / "gpu.yaml", run.photos)
    config = json.loads(file.read_text())
    config["trainer"] |= {"accelerator": "gpu", "devices": 1}
    config["model"]["colorizer"]["init_args"] |= {"memory": "reversible", "hint_points": True}
    config["data"]["augment"] = {
        "class_path": "flowcolor.data.SelfAugmentedReference",
        "init_args": {
            "strokes": {"class_path": "flowcolor.data.StrokeAugmentation"},
            "hints": {"class_path": "flowcolor.data.HintPoints"},
        },
    }
    if request.param == "Adversarial":
        critic = {
            "class_path": "flowcolor.models.PatchCritic",
            "init_args": {"width": 4, "layers": 1},
        }
        config["model"]["objective"] = {
            "class_path": "flowcolor.training.objectives.Adversarial",
            "init_args": {"objective": config["model"]["objective"], "critic": critic},
        }
    file.write_text(json.dumps(config))
    return file


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
def test_every_precision_trains_tests_and_paints(config, precision, run, tmp_path):
    words = ("--trainer.precision", precision, "--trainer.default_root_dir", tmp_path)
    assert flowcolor("fit", "--config", config, *words) == 0
    folder = tmp_path / "version_0"
    model = load_model(folder / "model.safetensors")
    assert all(p.isfinite().all() for p in model.parameters())
    assert flowcolor("test", "--ckpt_path", folder / "checkpoints/last.ckpt", *words) == 0
    photo = next(iter(sorted(run.photos.iterdir())))
    painted = tmp_path / "painted.png"
    assert (
        flowcolor(
            *("colorize", "--checkpoint", folder / "model.safetensors", "--device", "cuda"),
            *("--sketch", photo, "--no-clean", "--reference", photo, "--output", painted),
        )
        == 0
    )
    assert painted.exists()


def test_a_run_goes_on_where_it_was_stopped(config, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert flowcolor("fit", "--config", config, "--trainer.default_root_dir", whole) == 0
    words = ("--trainer.default_root_dir", cut)
    assert flowcolor("fit", "--config", config, *words, "--trainer.max_epochs", 1) == 0
    last = cut / "version_0/checkpoints/last.ckpt"
    assert flowcolor("fit", "--ckpt_path", last, *words, "--trainer.max_epochs", 2) == 0
    ends = [
        torch.load(path, weights_only=True)["state_dict"]
        for path in (whole / "version_0/checkpoints/last.ckpt", last)
    ]
    # Not bit for bit: sums on a GPU have no fixed order.
    for name, value in ends[0].items():
        assert torch.allclose(value, ends[1][name], rtol=1e-2, atol=2e-3), name
