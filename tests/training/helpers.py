"""A training run that takes a second: tiny photographs, a tiny model, a filter without a search."""

import json
import multiprocessing
from pathlib import Path

import torch
from torch import Tensor

from flowcolor.cli.main import main
from flowcolor.data import SketchFilter
from flowcolor.errors import InputError
from flowcolor.io.images import write_image
from flowcolor.io.resizing import resize

SIZE = 16
TWO_PROCESSES = (
    "--trainer.strategy=ddp_fork",
    "--trainer.devices=2",
    "--trainer.accelerator=cpu",
)


class Threshold(SketchFilter):
    """Paper where a photo is bright, ink where it is dark."""

    def draw(self, gray):
        return gray > 0.5

    def __call__(self, photo: Tensor, size: tuple[int, int], mask: Tensor | None = None) -> Tensor:
        return (resize(photo, size).mean(dim=0, keepdim=True) > 0.5).float()


def write_photos(folder: Path, count: int) -> Path:
    generator = torch.Generator().manual_seed(5)
    for index in range(count):
        coarse = torch.rand(3, 4, 4, generator=generator)
        write_image(resize(coarse, (SIZE, SIZE)), folder / f"photo{index}.png")
    return folder


def write_config(path: Path, photos: Path) -> Path:
    """Four steps: two epochs of two batches."""
    config = {
        "model": {
            "colorizer": {
                "class_path": "flowcolor.models.SketchColorFlow",
                "init_args": {"downsamplings": 1, "nccbs": 1, "ccbs": 1},
            },
            "objective": {
                "class_path": "flowcolor.training.objectives.Paired",
                "init_args": {
                    "loss": {
                        "class_path": "flowcolor.losses.ColorizationLoss",
                        "init_args": {"perceptual": 0.0},
                    }
                },
            },
            "optimizer": {"class_path": "torch.optim.Adam", "init_args": {"lr": 1e-3}},
            "scheduler": {
                "class_path": "torch.optim.lr_scheduler.StepLR",
                "init_args": {"step_size": 1, "gamma": 0.5},
            },
        },
        "roundtrip": {"every_n_steps": 2},
        "data": {
            "train": str(photos),
            "size": SIZE,
            "batch_size": 2,
            "held_out": 3,
            "sketch_filter": "flowcolor.data.SobelLines",
        },
        "pictures": {"every_n_steps": 2, "pairs": 2},
        "curves": {"picture": False},  # A third of so short a training.
        "trainer": {
            "max_epochs": 2,
            "accelerator": "cpu",
            "num_sanity_val_steps": 0,
            "enable_progress_bar": False,
            "log_every_n_steps": 1,
        },
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def flowcolor(*words: object) -> int:
    return main([str(word) for word in words])


def flowcolor_alone(*words: object) -> int:
    """Run a command in a process of its own, with one thread.

    Autograd's threads, once started here, do not survive a fork, and neither do OpenMP's.
    """
    process = multiprocessing.get_context("forkserver").Process(target=_alone, args=words)
    process.start()
    process.join(300)
    process.kill()
    return process.exitcode


def _alone(*words: object) -> None:
    torch.set_num_threads(1)
    raise SystemExit(flowcolor(*words))


def call(words) -> None:
    """Run a command as experiments do, in this process."""
    status = flowcolor(*words)
    if status == 130:  # Interrupted, as the process that waits for it is then, too.
        raise SystemExit(status)
    if status:
        raise InputError("It did not succeed.")
