"""Pictures with the places of their faces, and windows of them, for the finder of faces."""

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from flowcolor.data.sketches import ColorDodge, GradientLines, SobelLines, XDoG
from flowcolor.io.images import read_image
from flowcolor.io.resizing import resize
from flowcolor.pretrained import face_finder
from flowcolor.pretrained.face_finder import Kind

EYES, LIPS = 4, 5
WINDOW_OF_FACE = 3.2  # Distances between eyes and mouth.
DRAWN_AT = (96, 128, 192, 256)
FILTERS = (GradientLines(), GradientLines(), SobelLines(), XDoG(), ColorDodge())


@dataclass(frozen=True)
class Example:
    """A picture (3, H, W) and where its face is, None for one without."""

    image: Tensor
    place: Tensor | None


def find(folders: list[Path]) -> Iterator[tuple[Path, Path, int]]:
    """Yield picture, labels and the last digit of the person's number."""
    for folder in folders:
        pictures = {file.stem: file for file in folder.rglob("*.jpg")}
        for number, labels in enumerate(sorted((folder / "labels").glob("*.png"))):
            named = re.match(r"\d+", labels.stem) if folder.name == "london" else None
            person = int(named.group()) if named else number
            if labels.stem in pictures:
                yield pictures[labels.stem], labels, person % 10


def example(item: tuple[Path, Path, int], kind: Kind, rng: random.Random) -> Example:
    picture, labels, _ = item
    image = read_image(picture)
    with Image.open(labels) as file:
        parts = np.asarray(file)
    scale = image.shape[-1] / parts.shape[1]
    eyes, lips = (np.argwhere(parts == part) for part in (EYES, LIPS))
    if min(len(eyes), len(lips)) < 20:
        return Example(drawn(image, kind, rng), None)
    upper, lower = eyes.mean(0) * scale, lips.mean(0) * scale
    middle = (upper + lower) / 2
    side = float(np.linalg.norm(lower - upper)) * WINDOW_OF_FACE
    return Example(drawn(image, kind, rng), torch.tensor([*middle, side], dtype=torch.float32))


def drawn(image: Tensor, kind: Kind, rng: random.Random) -> Tensor:
    """Return a photograph as it is, or its drawing."""
    if kind == "photo":
        return image
    own = (image.shape[-2], image.shape[-1])
    side = rng.choice(DRAWN_AT)
    scale = side / min(own)
    lines = rng.choice(FILTERS)(image, (round(own[0] * scale), round(own[1] * scale)))
    return resize(lines[:1], own).expand(3, -1, -1)


def window(image: Tensor, place: Tensor, mirrored: bool = False) -> Tensor:
    """Cut (row, column, side) out, with the border repeated, as (1, 3, 56, 56)."""
    row, column, side = place.tolist()
    scale = face_finder.WINDOW / side
    height, width = image.shape[-2:]
    small = resize(image[None], (max(4, round(height * scale)), max(4, round(width * scale))))
    steps = (torch.arange(face_finder.WINDOW) + 0.5) / face_finder.WINDOW - 0.5
    rows, columns = ((middle + steps * side) for middle in (row, column))
    grid = torch.meshgrid(columns / width * 2 - 1, rows / height * 2 - 1, indexing="xy")
    cut = functional.grid_sample(
        small, torch.stack(grid, -1)[None], padding_mode="border", align_corners=False
    )
    return cut.flip(-1) if mirrored else cut


def moved(place: Tensor, rng: random.Random) -> Tensor:
    row, column, side = place.tolist()
    shift = [rng.gauss(0, 0.02) * side for _ in range(2)]
    return torch.tensor([row + shift[0], column + shift[1], side * 2 ** rng.gauss(0, 0.06)])


def elsewhere(each: Example, rng: random.Random) -> Tensor:
    height, width = each.image.shape[-2:]
    while True:
        place = torch.tensor(
            [
                rng.uniform(-0.1, 1.1) * height,
                rng.uniform(-0.1, 1.1) * width,
                min(height, width) * 2 ** rng.uniform(-2.6, 0.3),
            ]
        )
        if not near(place, each.place):
            return place


def near(place: Tensor, face: Tensor | None) -> bool:
    if face is None:
        return False
    shift = float((place - face)[:2].abs().max() / face[2])
    return shift < 0.2 and abs(math.log2(float(place[2] / face[2]))) < 0.5


def shape(rng: random.Random) -> Tensor:
    """Draw circles, boxes and lines: edges that belong to no face."""
    image = Image.new("RGB", (256, 256), tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(3, 30)):
        corner = [rng.randrange(-40, 256) for _ in range(2)]
        extent = [rng.randrange(4, 150) for _ in range(2)]
        box = [*corner, corner[0] + extent[0], corner[1] + extent[1]]
        fill = tuple(rng.randrange(256) for _ in range(3))
        width = rng.randrange(1, 8)
        draw = rng.choice(["ellipse", "rectangle", "line", "arc", "circle"])
        if draw == "ellipse":
            pen.ellipse(box, fill=fill if rng.random() < 0.6 else None, outline=fill, width=width)
        elif draw == "circle":
            side = min(extent)
            round_box = [*corner, corner[0] + side, corner[1] + side]
            pen.ellipse(round_box, outline=fill, width=width)
        elif draw == "rectangle":
            pen.rectangle(box, fill=fill if rng.random() < 0.6 else None, outline=fill, width=width)
        elif draw == "line":
            pen.line(box, fill=fill, width=width)
        else:
            pen.arc(box, rng.randrange(360), rng.randrange(360), fill=fill, width=width)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255
    return (pixels + 0.1 * rng.random() * torch.rand(pixels.shape)).clamp(0, 1)
