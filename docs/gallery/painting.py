"""What ``flowcolor colorize`` makes of a drawing, with each of its options."""

from collections.abc import Iterator
from functools import cache

import torch
from skimage.data import astronaut
from torch import Tensor
from torch.nn import functional

import flowcolor
from docs.gallery.paper import papers
from docs.gallery.people import FACES, collins, drawn, hopper, invented, whole
from flowcolor.inference import Painter
from flowcolor.io.resizing import resize
from flowcolor.models.dots import Dot, hints_of_dots

Picture = tuple[str, Tensor]


@cache
def painter(name: str = "faces") -> Painter:
    """Return a method, loaded once."""
    return flowcolor.load(name)


def inputs() -> Iterator[Picture]:
    """The two embedded portraits, as photographs and as drawings."""
    for name, person in (("collins", collins()), ("hopper", hopper())):
        yield f"{name}-photo", person["photo"]
        yield f"{name}-drawing", person["drawing"]


def references() -> Iterator[Picture]:
    """One drawing with the colours of several photographs, each of which lies in a corner."""
    drawing = collins()["drawing"]
    photos = {"hopper": hopper()["photo"]} | {name: invented(name) for name in FACES}
    for name, photo in photos.items():
        image = painter()(drawing, photo).image
        yield f"reference-{name}", with_inset(image, photo)


def dots() -> Iterator[Picture]:
    """``--dots``: another colour for the hat and for the jacket."""
    drawing, photo = hopper()["drawing"], collins()["photo"]
    side = drawing.shape[-1]
    red, green = (0.6, 0.08, 0.1), (0.1, 0.4, 0.2)
    hat = [((0.32, 0.25), red), ((0.5, 0.22), red), ((0.68, 0.25), red)]
    places = [*hat, ((0.22, 0.93), green), ((0.8, 0.93), green)]
    given = [Dot(int(x * side), int(y * side), color) for (x, y), color in places]
    hints = hints_of_dots(given, side, side)
    seen = functional.max_pool2d(hints.mask, 9, 1, 4)[0]  # Larger, for the eye.
    shown = functional.max_pool2d(hints.mask * hints.colors, 9, 1, 4)[0]
    yield "dots-drawing", drawing.lerp(shown, seen)
    yield "dots-without", painter()(drawing, photo).image
    yield "dots-with", painter()(drawing, photo, hints=hints).image


def alignment() -> Iterator[Picture]:
    """``--no-align``: a photograph in which the face is small and high up."""
    drawing = hopper()["drawing"]
    photo = torch.from_numpy(astronaut().copy()).permute(2, 0, 1).float() / 255
    side = drawing.shape[-1]
    yield "align-reference", resize(photo, (side, side))
    yield "align-painted", painter()(drawing, photo).image
    yield "align-off", painter()(drawing, photo, align=False).image


def lines() -> Iterator[Picture]:
    """``--lines``."""
    drawing, photo = collins()["drawing"], hopper()["photo"]
    for way in ("keep", "blend", "model"):
        yield f"lines-{way}", painter()(drawing, photo, lines=way).image


def sizes() -> Iterator[Picture]:
    """``--size``, and a drawing that is no square."""
    drawing, photo = collins()["drawing"], hopper()["photo"]
    for side in (32, 64):
        yield f"size-{side}", painter()(drawing, photo, shorter=side).image
    yield "size-own", painter()(drawing, photo, shorter=None).image
    tall = drawn(whole("blond"))
    yield "tall-drawing", tall
    yield "tall-painted", painter()(tall, hopper()["photo"]).image


def methods() -> Iterator[Picture]:
    """``--method``."""
    drawing, photo = collins()["drawing"], hopper()["photo"]
    yield "method-tint", painter("tint")(drawing, photo).image
    yield "method-unchanged", painter("unchanged")(drawing).image


def drawing_first() -> Iterator[Picture]:
    """``--draw``: a photograph in the place of the drawing."""
    photo = invented("park")
    yield "draw-photo", photo
    yield "draw-without", painter()(photo, hopper()["photo"]).image
    yield "draw-with", painter()(drawn(photo), hopper()["photo"]).image


def paper() -> Iterator[Picture]:
    """Kinds of paper, what comes of them, and what would without cleaning."""
    photo = hopper()["photo"]
    for name, page in papers(collins()["drawing"]).items():
        yield f"paper-{name}", page
        yield f"paper-{name}-painted", painter()(page, photo).image
        if name in ("shadow", "inverse", "corner"):
            yield f"paper-{name}-not-cleaned", painter()(page, photo, clean=False).image


def with_inset(image: Tensor, photo: Tensor) -> Tensor:
    """Lay a small photograph into the lower right corner of an image."""
    side = image.shape[-1] // 3
    small = functional.pad(resize(photo, (side, side)).clamp(0, 1), (4, 0, 4, 0), value=1.0)
    image = image.clone()
    image[:, -small.shape[-2] :, -small.shape[-1] :] = small
    return image
