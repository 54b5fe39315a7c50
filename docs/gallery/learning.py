"""What training sees: drawings by filters, redrawn by other hands, and references."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from docs.gallery.desk import run
from docs.gallery.people import collins, drawn, hopper, whole
from flowcolor.data import (
    ColorDodge,
    SelfAugmentedReference,
    SobelLines,
    StrokeAugmentation,
    XDoG,
)
from flowcolor.io.images import read_image, write_image
from flowcolor.io.resizing import center_square, resize

Picture = tuple[str, Tensor]
SIDE = 192


def filters() -> Iterator[Picture]:
    """Sketch filters; the default one drew ``hopper-drawing``."""
    photo = hopper()["photo"]
    for draw in (SobelLines(), XDoG(), ColorDodge()):
        yield f"filter-{type(draw).__name__.lower()}", draw(photo, (256, 256)).expand(3, -1, -1)


def strokes() -> Iterator[Picture]:
    """The drawing of one photograph in several epochs."""
    batch = _batch(hopper())
    for epoch in range(6):
        redrawn = StrokeAugmentation()({**batch, "truth": batch["photo"]}, 1, epoch)
        yield f"strokes-{epoch}", redrawn["content"][0]


def self_reference() -> Iterator[Picture]:
    """A training example in two epochs, and without changes of colour."""
    batch = _batch(collins())
    ways = {
        "first": (SelfAugmentedReference(), 3),
        "second": (SelfAugmentedReference(), 5),
        "plain": (SelfAugmentedReference(brightness=0, contrast=0, saturation=0, hue=0), 3),
    }
    for name, (augment, epoch) in ways.items():
        example = augment(batch, 0, epoch)
        for part in ("content", "reference", "truth"):
            yield f"self-{name}-{part}", example[part][0]


def prepared() -> Iterator[Picture]:
    """What ``flowcolor prepare`` writes for a photograph of any shape."""
    photo = whole("blond")
    square = resize(center_square(photo), (SIDE, SIDE)).clamp(0, 1)
    yield "prepare-photo", photo
    yield "prepare-square", square
    yield "prepare-drawing", drawn(square)


def prepared_otherwise() -> Iterator[Picture]:
    """Options of ``flowcolor prepare``: masks, a white background, and drawings that are ready."""
    square = resize(center_square(whole("blond")), (SIDE, SIDE)).clamp(0, 1)
    rows, columns = torch.meshgrid(*[torch.linspace(-1, 1, SIDE)] * 2, indexing="ij")
    head = (rows + 0.15) ** 2 / 0.62 + columns**2 / 0.3 < 1
    with TemporaryDirectory() as place:
        given = Path(place)
        images = {
            "photos": square,
            "masks": head.expand(3, -1, -1).float(),
            "sketches": XDoG()(square, (SIDE, SIDE)).expand(3, -1, -1),
        }
        for kind, image in images.items():
            write_image(image, given / kind / "blond.png")
        words = ["--photos", given / "photos", "--masks", given / "masks", "--size", 96]
        words += ["--background", "white", "--workers", 1]
        run("prepare", *words, "--output", given / "white")
        own = ["--sketches", given / "sketches", "--output", given / "own"]
        run("prepare", *words, *own)
        yield "prepare-mask", images["masks"]
        yield "prepare-white-photo", read_image(given / "white/photos/blond.png")
        yield "prepare-white-drawing", read_image(given / "white/sketches/blond.png")
        yield "prepare-own-drawing", read_image(given / "own/sketches/blond.png")


def _batch(person: dict[str, Tensor]) -> dict:
    small = {key: resize(image, (SIDE, SIDE)).clamp(0, 1) for key, image in person.items()}
    return {
        "photo": small["photo"][None],
        "content": small["drawing"][None],
        "index": torch.tensor([0]),
        "name": ["portrait"],
    }
