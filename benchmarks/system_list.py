"""The published systems that flowcolor has: what is built of each, and what a step of it is.

A system is one entry of :data:`SYSTEMS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from flowcolor.models import CINN, ArtFlow, FullGlow, Glow, IUNet, RevGAN, SketchColorFlow
from flowcolor.training.objectives.unpaired import Unpaired

Images = tuple[Tensor, Tensor, Tensor]  # A drawing, a reference and the photograph to paint.
Prepare = Callable[[Any], Callable[[Images], Tensor]]


def colorize(model: Any, images: Images) -> Tensor:
    """Return the coloured drawing."""
    drawing, reference, _ = images
    return cast(Tensor, model(drawing, None if model.reference == "unused" else reference))


def painting(model: Any) -> Callable[[Images], Tensor]:
    """Return the loss of one colorization: the mean distance to the photograph."""

    def loss(images: Images) -> Tensor:
        return (colorize(model, images) - images[2]).abs().mean()

    return loss


def density(model: Any) -> Callable[[Images], Tensor]:
    """Return the loss of a density: bits per dimension of all that it knows of a pair."""

    def loss(images: Images) -> Tensor:
        drawing, _, truth = images
        return cast(Tensor, sum(bits.mean() for bits in model.bits(drawing, truth).values()))

    return loss


def cycles(model: Any) -> Callable[[Images], Tensor]:
    """Return the loss of both generators without pairs: six passes, and what two critics say."""
    with torch.device(next(model.parameters()).device):
        objective = Unpaired(pool=0)

    def loss(images: Images) -> Tensor:
        drawing, reference, truth = images
        batch: Any = {"content": drawing, "reference": reference, "truth": truth}
        return objective.losses(model, batch)["loss"]

    return loss


def core(model: Any) -> Callable[[Images], Tensor]:
    """Return a loss of what lies between encoder and decoder alone, given features of its size."""

    def loss(images: Images) -> Tensor:
        drawing = images[0]
        height, width = (side // 4 for side in drawing.shape[2:])
        shape = len(drawing), 4 * model.config["width"], height, width
        features: Tensor = model.core(torch.rand(shape, device=drawing.device))[0]
        return features.abs().mean()

    return loss


@dataclass(frozen=True)
class System:
    """One system.

    Attributes:
        name: As the paper calls it.
        build: Makes the model.
        published: Arguments of ``build`` for the published layout.
        small: Those for the size that learns on a CPU.
        step: Makes the loss of a training step.
        held: MB that the public code holds for an image of 256x256 (float32, one image, CPU).
        held_frugal: The same with the public code's own checkpoints or reversible engine.
    """

    name: str
    build: Callable[..., nn.Module]
    step: Prepare
    small: Mapping[str, Any]
    published: Mapping[str, Any] = field(default_factory=dict)
    held: float | None = None
    held_frugal: float | None = None


_GLOW = {"levels": 3, "steps": 4, "hidden": 64}
_CINN = {"shrink": 2, "coarse": 8, "widths": [32, 64, 64, 128], "features": 32}
_REVGAN = {"width": 16, "blocks": 4}

SYSTEMS = (
    System("thesis", SketchColorFlow, painting, {"downsamplings": 2, "ccbs": 2}, held=619),
    System("Glow", Glow, density, _GLOW),
    System("ArtFlow", ArtFlow, painting, {"steps": 4, "hidden": 64}, held=3195),
    System("Full-Glow", FullGlow, density, _GLOW, {"pool": None}, held=2439, held_frugal=82),
    System("RevGAN", RevGAN, cycles, _REVGAN, held=2303, held_frugal=801),
    System("RevGAN, one way", RevGAN, painting, {**_REVGAN, "both": False}, {"both": False}),
    System("RevGAN, core", RevGAN, core, {**_REVGAN, "both": False}, {"both": False}),
    System("cINN", CINN, density, _CINN, {"layout": "large", "shrink": 4}, held=278),
    System("iUNet", IUNet, painting, {"channels": [16, 32, 64]}, held_frugal=46),
)
