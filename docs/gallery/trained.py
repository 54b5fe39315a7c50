"""What a training leaves behind, and what its model shows: a tiny one, of seconds."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from docs.gallery.desk import desk, run
from flowcolor.io.images import read_image
from flowcolor.io.resizing import resize

Picture = tuple[str, Tensor]
STEPS = 24
TINY = (
    "--model.colorizer.init_args.width=8",
    "--model.colorizer.init_args.style_width=16",
    "--model.colorizer.init_args.latent=16",
    "--model.colorizer.init_args.space=lab",
    "--model.optimizer.init_args.lr=3e-3",
    f"--trainer.max_steps={STEPS}",
    "--trainer.max_epochs=-1",
    "--trainer.log_every_n_steps=2",
    "--data.held_out=2",
    "--data.repeat=20",
    f"--pictures.every_n_steps={STEPS}",
    "--pictures.pairs=2",
    f"--curves.every_n_steps={STEPS // 3}",
    "--curves.pairs=2",
)


def fitted() -> Iterator[Picture]:
    """What ``fit`` draws, what ``latents`` shows of its model, and what that paints."""
    with desk(64) as folder, torch.inference_mode(False), torch.enable_grad():
        place = f"--trainer.default_root_dir={folder / 'runs'}"
        data = f"--data.train={folder / 'people'}"
        run("fit", "--config", "models/unetadain-small", data, *TINY, place)
        version = folder / "runs" / "version_0"
        curves = read_image(version / "curves.png")
        size = (curves.shape[-2] * 2 // 3, curves.shape[-1] * 2 // 3)
        yield "fit-curves", resize(curves, size).clamp(0, 1)
        yield "fit-pictures", read_image(version / "pictures" / f"train-{STEPS:06}.png")
        model = ("--checkpoint", version / "model.safetensors")
        yield "latents", latents(folder, *model)
        words = ("--content", folder / "gray.png", "--reference", folder / "photo.png")
        run("colorize", *model, *words, "--output", folder / "painted.png")
        yield "checkpoint", read_image(folder / "painted.png")


def latents(folder: Path, *model: object) -> Tensor:
    """Return the picture of ``flowcolor latents`` for the six people."""
    picture = folder / "latents.png"
    run("latents", *model, "--references", folder / "people", "--output", picture)
    return read_image(picture)
