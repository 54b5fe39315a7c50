"""How a picture is to be painted, in the words of the command line and of the page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flowcolor.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.inference import Painted, Painter


@dataclass(frozen=True)
class How:
    """How drawings are painted, see :class:`~flowcolor.inference.Painter`.

    Args:
        size: ``trained``, ``own`` or a number of pixels.
        lines: ``keep``, ``blend`` or ``model``.
        clean: Whether paper and strokes are cleaned first.
        draw: Whether a photograph is given as the drawing and its lines are drawn first.
        check: Whether to report how exactly the model runs backwards.
    """

    size: str = "trained"
    lines: str = "keep"
    clean: bool = True
    draw: bool = False
    check: bool = False


def paint(painter: "Painter", picture: "Tensor", reference: "Tensor | None", how: How) -> "Painted":
    """Paint a drawing, or the lines of a photograph.

    Args:
        painter: What paints.
        picture: The drawing or photograph, :math:`(3, H, W)` in [0, 1].
        reference: The photograph that gives the colours, if the painter takes one.
        how: In which way.

    Raises:
        InputError: As those of the painter, or ``how.size`` is no size.
    """
    from flowcolor.color import to_gray
    from flowcolor.data.sketches import GradientLines

    size = (picture.shape[-2], picture.shape[-1])
    lines = GradientLines()(picture, size) if how.draw else to_gray(picture)
    return painter(
        lines.expand(3, -1, -1).contiguous(),
        reference,
        shorter=shorter_side(how.size),
        lines=how.lines,  # type: ignore[arg-type]
        clean=how.clean,
        check=how.check,
    )


def shorter_side(size: str) -> "int | Literal['trained'] | None":
    """Return what a painter takes for the words of ``--size``.

    Raises:
        InputError: It is none of them.

    Example:
        >>> shorter_side("trained"), shorter_side("own"), shorter_side("96")
        ('trained', None, 96)
    """
    if size == "trained":
        return "trained"
    if size == "own":
        return None
    if size.isdecimal() and 0 < int(size) <= 16384:
        return int(size)
    raise InputError(
        f"--size expects `trained`, `own` or a number of pixels up to 16384, got {size!r}."
    )
