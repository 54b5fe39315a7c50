"""How a picture is to be painted, in the words of the command line and of the page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flowcolor.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from flowcolor.inference import Painted, Painter
    from flowcolor.models import Hints
    from flowcolor.pretrained.face_finder import Face


@dataclass(frozen=True)
class How:
    """How drawings are painted, see :class:`~flowcolor.inference.Painter`.

    Args:
        size: ``trained``, ``own`` or a number of pixels.
        lines: ``keep``, ``blend`` or ``model``.
        clean: Whether paper and strokes are cleaned first.
        align: Whether the reference's face is laid on the drawing's.
        draw: Whether a photograph is given as the drawing and its lines are drawn first.
        check: Whether to report how exactly the model runs backwards.
        gray: Whether the picture is a grey photograph, which has neither lines nor paper.
    """

    size: str = "trained"
    lines: str = "keep"
    clean: bool = True
    align: bool = True
    draw: bool = False
    check: bool = False
    gray: bool = False

    def require_possible(self) -> None:
        """Refuse what contradicts itself, or is said of a grey photograph and concerns drawings.

        Raises:
            InputError: One sentence that names the option.
        """
        shorter_side(self.size)
        of_drawings = {
            "--lines": self.lines != "keep",
            "--no-clean": not self.clean,
            "--no-align": not self.align,
            "--draw": self.draw,
            "--check": self.check,
        }
        for option, given in of_drawings.items():
            if self.gray and given:
                raise InputError(f"{option} expects --sketch, a drawing, got --content.")


def paint(
    painter: "Painter",
    picture: "Tensor",
    reference: "Tensor | None",
    how: How,
    hints: "Hints | None" = None,
    face: "Face | None" = None,
) -> "Painted":
    """Paint a drawing, the lines of a photograph, or a grey photograph.

    Args:
        painter: What paints.
        picture: The drawing or photograph, :math:`(3, H, W)` in [0, 1].
        reference: The photograph that gives the colours, if the painter takes one.
        how: In which way.
        hints: Colours at points of the picture, if the painter takes some.
        face: That of the reference, if it has been looked for.

    Raises:
        InputError: As those of the painter, or ``how.size`` is no size.
    """
    from flowcolor.color import to_gray
    from flowcolor.data.sketches import GradientLines

    shorter = shorter_side(how.size)
    if how.gray:
        return painter.photograph(picture, reference, hints=hints, shorter=shorter)
    size = (picture.shape[-2], picture.shape[-1])
    lines = GradientLines()(picture, size) if how.draw else to_gray(picture)
    return painter(
        lines.expand(3, -1, -1).contiguous(),
        reference,
        hints=hints,
        shorter=shorter,
        lines=how.lines,  # type: ignore[arg-type]
        clean=how.clean,
        align=how.align,
        check=how.check,
        face=face,
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
    # What a browser sends may be of any type.
    if (
        isinstance(size, str) and size.isdecimal() and 0 < float(size) <= 16384
    ):  # Of 5000 digits, int says nothing.
        return int(size)
    raise InputError(
        f"--size expects `trained`, `own` or a number of pixels up to 16384, got {size!r}."
    )
