"""``--boxes``: needs a model that was trained for half an hour, which not every machine has."""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from docs.gallery.desk import desk, gray, run
from flowcolor.io.images import read_image

Picture = tuple[str, Tensor]
WEIGHTS = Path("runs/instance-small/version_0/model.safetensors")
FACE, SUIT = (80, 10, 200, 160), (10, 140, 250, 256)
RED = torch.tensor([0.9, 0.1, 0.1])[:, None, None]


def boxes() -> Iterator[Picture]:
    """A grey photograph with two boxes, and the results without and with them."""
    yield "boxes-photo", outlined(gray(), (FACE, SUIT))
    with desk() as folder:
        (folder / "boxes.json").write_text(json.dumps([FACE, SUIT]), encoding="utf-8")
        words = ("--content", folder / "gray.png", "--checkpoint", WEIGHTS)
        for name, given in (("without", ()), ("with", ("--boxes", folder / "boxes.json"))):
            painted = folder / f"{name}.png"
            run("colorize", *words, *given, "--output", painted)
            yield f"boxes-{name}", read_image(painted)


def outlined(photo: Tensor, boxes: tuple[tuple[int, int, int, int], ...]) -> Tensor:
    """Return a photograph with its boxes drawn in red."""
    image = photo.clone()
    for left, top, right, bottom in boxes:
        inside = image[:, top + 2 : bottom - 2, left + 2 : right - 2].clone()
        image[:, top:bottom, left:right] = RED
        image[:, top + 2 : bottom - 2, left + 2 : right - 2] = inside
    return image
