"""The packaged systems in stages go on after interruptions as if there had been none."""

from contextlib import nullcontext

import pytest
import torch

from flowcolor.experiments.staged import fit, plan
from flowcolor.models.checkpoint import load_model
from flowcolor.training.adversarial_task import AdversarialTask
from flowcolor.training.colorization_task import ColorizationTask
from tests.training.helpers import call, write_photos

SIZES = {
    "coltran-small": {
        "data.size": 16,
        **{
            f"model.colorizer.init_args.{name}": value
            for name, value in {
                "size": 16,
                "core_size": 4,
                "width": 8,
                "heads": 2,
                "layers": "[1,1,1]",
                "color_layers": 1,
                "spatial_width": 8,
                "spatial_layers": 1,
            }.items()
        },
    },
    "s2i-small": {"model.colorizer.init_args.width": 2, "model.objective.init_args.width": 2},
    "instance-small": {"data.size": 16, "model.colorizer.init_args.width": 2},
}
SHORT = {
    "data.batch_size": 2,
    "data.held_out": 3,
    "data.repeat": 1,
    "pictures.every_n_steps": 0,
    "pictures.pairs": 2,
    "curves.picture": "false",
    "trainer.max_epochs": 2,
    "trainer.log_every_n_steps": 1,
    "trainer.accelerator": "cpu",
    "trainer.enable_progress_bar": "false",
}
TASKS = {ColorizationTask, AdversarialTask}


@pytest.fixture
def train(tmp_path):
    """Return a function that trains a system in a folder, perhaps until a batch of a stage."""
    photos = write_photos(tmp_path / "photos", 7)

    def run(name, folder, stop=None):
        options = SHORT | SIZES[name] | {"data.train": photos}
        words = ["--config", f"models/{name}", "--trainer.default_root_dir", tmp_path / folder]
        words += [f"--{key}={value}" for key, value in options.items()]
        with pytest.MonkeyPatch.context() as patch:
            for task in TASKS:
                patch.setattr(task, "training_step", interrupted(task.training_step, stop))
            with pytest.raises(SystemExit) if stop else nullcontext():
                return load_model(fit(plan([str(word) for word in words]), call))

    return run


def interrupted(train, stop):
    def step(self, batch, batch_idx):
        if (self.colorizer.stage, self.steps) == stop:
            raise KeyboardInterrupt
        return train(self, batch, batch_idx)

    return step


@pytest.mark.parametrize(
    ("name", "stops"),
    [
        ("coltran-small", [(2, 1), (3, 3)]),
        pytest.param("s2i-small", [(1, 3), (2, 1)], marks=pytest.mark.slow),
        pytest.param("instance-small", [(1, 1), (2, 3), (3, 1)], marks=pytest.mark.slow),
    ],
)
def test_the_same_command_goes_on_after_interruptions(name, stops, train):
    whole = train(name, "whole")
    for stop in stops:
        train(name, "stopped", stop)
    resumed = train(name, "stopped")
    assert whole.stage == max(stage for stage, _ in stops)
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key
