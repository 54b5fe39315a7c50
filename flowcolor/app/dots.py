"""Colour dots that were set on the paper of the page, as hints for the model."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import torch

from flowcolor.errors import InputError
from flowcolor.models import Hints

SIZE = 0.02  # Diameter of a dot, of the longer side of the drawing.
MOST = 500  # Each costs time in which everybody waits; by hand nobody sets as many.
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class Dot(NamedTuple):
    """A colour at a point.

    Args:
        x: From the left, a part of the drawing's width.
        y: From the top, a part of its height.
        color: RGB in [0, 1].
    """

    x: float
    y: float
    color: tuple[float, float, float]


def apart(drawn: object) -> tuple[str, object]:
    """Return the picture and the dots of what the drawing's box sends, neither of them checked.

    Example:
        >>> apart({"picture": "data:...", "dots": [[0.5, 0.5, "#ff0000"]]})
        ('data:...', [[0.5, 0.5, '#ff0000']])
        >>> apart(None)
        ('', None)
    """
    picture, dots = drawn, None
    if isinstance(drawn, dict):
        picture, dots = drawn.get("picture"), drawn.get("dots")
    return str(picture or ""), dots


def read_dots(given: object, taken: bool = True) -> list[Dot]:
    """Return the dots that a browser sends, or refuse them.

    Args:
        given: A list of ``[x, y, "#rrggbb"]``, or None.
        taken: Whether the model takes some.

    Raises:
        InputError: It is anything else, there are too many, or the model takes none.

    Example:
        >>> read_dots([[0.5, 1, "#ff0000"]])
        [Dot(x=0.5, y=1.0, color=(1.0, 0.0, 0.0))]
    """
    if given is None:
        return []
    if not isinstance(given, list):
        raise InputError(f"The colour dots expect a list, got {type(given).__name__}.")
    if len(given) > MOST:
        raise InputError(f"The colour dots expect at most {MOST} of them, got {len(given)}.")
    if given and not taken:
        raise InputError(f"This model takes no colour dots, got {len(given)}.")
    return [_read_dot(each) for each in given]


def to_hints(dots: Sequence[Dot], height: int, width: int) -> Hints | None:
    """Return hints for a drawing of this size: discs, where two overlap of the later colour.

    Example:
        >>> hints = to_hints([Dot(0.5, 0.5, (1.0, 0.0, 0.0))], 150, 150)
        >>> int(hints.mask.sum()), hints.colors[0, :, 75, 75]
        (9, tensor([1., 0., 0.]))
    """
    if not dots:
        return None
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    colors, mask = torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width)
    for dot in dots:
        # The pixel that holds the centre is always part of it, however small the drawing is.
        row, column = min(int(dot.y * height), height - 1), min(int(dot.x * width), width - 1)
        far = (rows - row) ** 2 + (columns - column) ** 2
        disc = far <= (SIZE * max(height, width) / 2) ** 2
        colors[0, :, disc] = torch.tensor(dot.color)[:, None]
        mask[0, 0, disc] = 1
    return Hints(colors, mask)


def _read_dot(given: object) -> Dot:
    if isinstance(given, list) and len(given) == 3:
        x, y, color = given
        # Written so that NaN, for which every comparison is false, is refused, too.
        inside = all(type(side) in (int, float) and 0 <= side <= 1 for side in (x, y))
        if inside and isinstance(color, str) and _COLOR.fullmatch(color):
            red, green, blue = (part / 255 for part in bytes.fromhex(color[1:]))
            return Dot(float(x), float(y), (red, green, blue))
    shown = repr(given)
    raise InputError(
        "A colour dot expects two parts of the sides in [0, 1] and a colour like #ff0000, got "
        f"{shown if len(shown) <= 60 else shown[:57] + '...'}."
    )
