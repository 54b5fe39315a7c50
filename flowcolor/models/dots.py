"""Dots of colour at named places, the simplest hints."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import torch

from flowcolor.arguments import check_picture, is_list, plain_numbers
from flowcolor.bounds import is_number
from flowcolor.errors import InputError
from flowcolor.models.hints import Hints

_RADIUS = 1 / 64  # Of the shorter side: two pixels at 128.


@dataclass(frozen=True)
class Dot:
    """A colour at a place.

    Args:
        x: Pixels from the left, from 0.
        y: Pixels from the top, from 0.
        color: RGB in [0, 1].
    """

    x: int
    y: int
    color: tuple[float, float, float]


@plain_numbers
def hints_of_dots(dots: Sequence[Dot], height: int, width: int) -> Hints:
    """Return the hints of a picture of this size; a dot covers what is next to its place, too.

    Raises:
        InputError: There is no dot, or one is outside of the picture.
        ValueError: One has no whole numbers as its place or no colour, a side is below 1, or
            no machine holds the picture.

    Example:
        >>> hints_of_dots([Dot(x=3, y=2, color=(1.0, 0.0, 0.0))], 8, 8).mask.sum()
        tensor(9.)
    """
    check_picture(hints_of_dots, height, width)
    if not is_list(dots) or not all(map(_is_dot, dots)):
        raise ValueError(
            "hints_of_dots expects dots of a place in whole pixels and a colour of three numbers, "
            "got others."
        )
    if not dots:
        raise InputError("Hints expect at least one dot, got none.")
    colors, mask = torch.zeros(1, 3, height, width), torch.zeros(1, 1, height, width)
    reach = max(1, round(_RADIUS * min(height, width)))
    for dot in dots:
        if not (0 <= dot.x < width and 0 <= dot.y < height):
            raise InputError(
                f"A dot expects a place in the picture, from 0,0 to {width - 1},{height - 1}, got "
                f"{dot.x},{dot.y}."
            )
        x, y = int(dot.x), int(dot.y)  # Of NumPy's, differences and sums would wrap.
        rows = slice(max(0, y - reach), y + reach + 1)
        columns = slice(max(0, x - reach), x + reach + 1)
        colors[0, :, rows, columns] = torch.tensor(dot.color)[:, None, None]
        mask[..., rows, columns] = 1
    return Hints(colors, mask)


def _is_dot(dot: object) -> bool:
    if not isinstance(dot, Dot) or not is_list(dot.color):
        return False
    place = all(isinstance(side, Integral) and is_number(side) for side in (dot.x, dot.y))
    return place and len(dot.color) == 3 and all(map(is_number, dot.color))


def read_dots(words: Sequence[str]) -> list[Dot]:
    """Read dots as the command line has them.

    Raises:
        InputError: A word is none, or two of them give one place two colours.

    Example:
        >>> read_dots(["120,80=#3366cc"])
        [Dot(x=120, y=80, color=(0.2, 0.4, 0.8))]
    """
    dots = {word: _read(word) for word in words}
    at_place: dict[tuple[int, int], str] = {}
    for word, dot in dots.items():
        first = at_place.setdefault((dot.x, dot.y), word)
        if dot.color != dots[first].color:
            raise InputError(f"--dots expects one colour for each place, got {first} and {word}.")
    return list(dots.values())


def _read(word: str) -> Dot:
    from PIL import ImageColor  # Here: an import of the models stays light.

    place, _, color = word.partition("=")
    column, _, row = place.partition(",")
    try:
        red, green, blue = (part / 255 for part in ImageColor.getrgb(color)[:3])
        dot = Dot(int(column), int(row), (red, green, blue))
    except ValueError:
        dot = None
    # Pillow takes rgb(300, 0, 0) and hsl(10, 200%, 5%).
    if dot is None or not all(0 <= part <= 1 for part in dot.color):
        raise InputError(
            f"--dots expects X,Y=COLOUR as 120,80=#3366cc or 120,80=red, got {word!r}."
        )
    return dot
