"""Grey photographs and methods without training; marks, styles and plots."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.nn import functional

from docs.gallery.painting import painter
from docs.gallery.people import collins, hopper, invented
from flowcolor.color import to_gray
from flowcolor.data.photo_marks import edge_marks, random_marks, region_marks
from flowcolor.evaluation.plots import draw_plots
from flowcolor.evaluation.style_gallery import style_gallery
from flowcolor.io.images import read_image
from flowcolor.models.dots import Dot, hints_of_dots
from flowcolor.models.hints import Hints

Picture = tuple[str, Tensor]

SKIN, HAIR, BLUE, SUIT = (0.85, 0.62, 0.5), (0.5, 0.36, 0.2), (0.55, 0.6, 0.75), (0.85, 0.35, 0.1)


def spots(side: int) -> Hints:
    """Return eight dots of colour on the portrait of Eileen Collins."""
    places = [
        *(((x, y), SKIN) for x, y in ((0.45, 0.3), (0.5, 0.44))),
        *(((x, y), HAIR) for x, y in ((0.45, 0.1), (0.32, 0.2))),
        *(((x, y), BLUE) for x, y in ((0.12, 0.15), (0.85, 0.3))),
        *(((x, y), SUIT) for x, y in ((0.2, 0.9), (0.8, 0.92))),
    ]
    given = [Dot(int(x * side), int(y * side), color) for (x, y), color in places]
    return hints_of_dots(given, side, side)


def by_dots() -> Iterator[Picture]:
    """``--content`` and ``--dots``: a grey photograph, dots on it, and two ways to spread them."""
    photo = to_gray(collins()["photo"]).expand(3, -1, -1)
    hints = spots(photo.shape[-1])
    seen = functional.max_pool2d(hints.mask, 9, 1, 4)[0]  # Larger, for the eye.
    shown = functional.max_pool2d(hints.mask * hints.colors, 9, 1, 4)[0]
    yield "gray-dots", photo.lerp(shown, seen)
    for method in ("levin", "poisson"):
        yield f"gray-{method}", painter(method).photograph(photo, hints=hints).image


def by_reference() -> Iterator[Picture]:
    """``--content`` and ``--reference``."""
    photo = to_gray(collins()["photo"]).expand(3, -1, -1)
    for method in ("lut", "wavelet"):
        yield f"gray-{method}", painter(method).photograph(photo, hopper()["photo"]).image


def marked() -> Iterator[Picture]:
    """``flowcolor marks``: in the middle of regions, on both sides of edges, and by chance."""
    photo = collins()["photo"]
    gray = to_gray(photo).expand(3, -1, -1)
    ways = {
        "regions": region_marks(photo),
        "edges": edge_marks(photo),
        "random": random_marks(photo, 0.05, 0),
    }
    for name, marks in ways.items():
        yield f"marks-{name}", torch.where(marks, photo, gray)


def gallery_of_styles() -> Iterator[Picture]:
    """``flowcolor styles``: contents by references, for any method that takes some."""
    contents = [collins()["drawing"], hopper()["drawing"]]
    references = [collins()["photo"], hopper()["photo"], invented("park")]

    def paint(number: int, reference: Tensor) -> Tensor:
        return painter()(contents[number], reference).image

    yield "styles", style_gallery(paint, contents, references)


def plotted() -> Iterator[Picture]:
    """``--plots``."""
    photo = to_gray(collins()["photo"]).expand(3, -1, -1)
    reference = hopper()["photo"]
    result = painter("wavelet").photograph(photo, reference).image
    with TemporaryDirectory() as folder:
        path = Path(folder) / "plots.png"
        draw_plots(photo, result, path, reference)
        yield "plots", read_image(path)
