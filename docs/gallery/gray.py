"""What methods without training make of a grey photograph."""

from collections.abc import Iterator

from torch import Tensor
from torch.nn import functional

from docs.gallery.painting import painter
from docs.gallery.people import collins, hopper
from flowcolor.color import to_gray
from flowcolor.models.dots import Dot, hints_of_dots

Picture = tuple[str, Tensor]

SKIN, HAIR, BLUE, SUIT = (0.85, 0.62, 0.5), (0.5, 0.36, 0.2), (0.55, 0.6, 0.75), (0.85, 0.35, 0.1)


def by_dots() -> Iterator[Picture]:
    """``--content`` and ``--dots``: a grey photograph, dots on it, and two ways to spread them."""
    photo = to_gray(collins()["photo"]).expand(3, -1, -1)
    side = photo.shape[-1]
    places = [
        *(((x, y), SKIN) for x, y in ((0.45, 0.3), (0.5, 0.44))),
        *(((x, y), HAIR) for x, y in ((0.45, 0.1), (0.32, 0.2))),
        *(((x, y), BLUE) for x, y in ((0.12, 0.15), (0.85, 0.3))),
        *(((x, y), SUIT) for x, y in ((0.2, 0.9), (0.8, 0.92))),
    ]
    given = [Dot(int(x * side), int(y * side), color) for (x, y), color in places]
    hints = hints_of_dots(given, side, side)
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
