"""Where colours come from: the nearest of a folder, a file of hints; and options of methods."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from docs.gallery.desk import desk, gray, people, run
from docs.gallery.gray import spots
from docs.gallery.people import collins, hopper
from flowcolor.inference import Painter
from flowcolor.io.images import read_image, read_layer, write_image
from flowcolor.models.methods import untrained_method
from flowcolor.nearest import Gallery

Picture = tuple[str, Tensor]
RED = torch.tensor([0.85, 0.1, 0.1])[:, None, None]
FRAME = 6  # Pixels.


def from_folder() -> Iterator[Picture]:
    """``--gallery``: six photographs, the chosen one framed, and the result.

    Not by the command, which looks through VGG19 where that is installed, and may choose another.
    """
    with desk(128) as folder:
        chosen = Gallery(folder / "people").nearest(folder / "gray.png").stem
    small = people(128)
    photos = [framed(photo) if name == chosen else photo for name, photo in small.items()]
    rows = [torch.cat(photos[start : start + 3], 2) for start in (0, 3)]
    yield "gallery-photos", torch.cat(rows, 1)
    yield "gallery-painted", method("lut").photograph(gray(), people()[chosen]).image


def framed(photo: Tensor) -> Tensor:
    """Return a photograph in a red frame."""
    image = RED.expand_as(photo).clone()
    inside = (slice(None), slice(FRAME, -FRAME), slice(FRAME, -FRAME))
    image[inside] = photo[inside]
    return image


def settings() -> Iterator[Picture]:
    """``--set``: three methods, each with an option of its own."""
    photo, hints = gray(), spots(256)
    poisson = method("poisson", smoothness=400.0)
    yield "set-poisson", poisson.photograph(photo, hints=hints).image
    lut = method("lut", space="rgb_then_yuv")
    yield "set-lut", lut.photograph(photo, hopper()["photo"]).image
    wavelet = method("wavelet", weights=[0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    yield "set-wavelet", wavelet.photograph(photo, hopper()["photo"]).image


def varied() -> Iterator[Picture]:
    """``--vary``: wavelets with hard and with soft weights, in one picture."""
    ways = [("--vary", f"weights={weights}") for weights in ("[0,1,1,1,1,1]", "[0,0.5,0.9,1,1,1]")]
    with desk() as folder:
        given = ("--content", folder / "gray.png", "--reference", folder / "photo.png")
        words = [word for way in ways for word in way]
        run("colorize", "--method", "wavelet", *given, *words, "--output", folder / "o.png")
        yield "varied", read_image(folder / "o.png")


def method(name: str, **options: Any) -> Painter:
    """Return a method without weights, with its options."""
    return Painter(untrained_method(name, options), 0, name)


def from_hints() -> Iterator[Picture]:
    """``--hints``: what ``flowcolor marks`` writes, and what it does with its options."""
    ways = {
        "regions": ("--at", "regions", "--regions", 80),
        "share": ("--at", "random", "--share", 0.3, "--seed", 1),
    }
    yield "marks-gray", gray()
    with desk() as folder:
        run_on = ("--method", "levin", "--content", folder / "gray.png")
        photo = folder / "collins.png"
        write_image(collins()["photo"], photo)
        for name, words in ways.items():
            layer = folder / f"{name}.png"
            run("marks", "--photo", photo, *words, "--output", layer)
            colors, opacity = read_layer(layer).split([3, 1])
            yield f"marks-more-{name}", gray().lerp(colors, opacity)
            if name == "regions":
                run("colorize", *run_on, "--hints", layer, "--output", folder / "painted.png")
                yield "hints-painted", read_image(folder / "painted.png")
