"""From what the browser sends to what it shows; nothing is kept between two calls."""

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from flowcolor.app.data_urls import from_data_url, to_data_url
from flowcolor.app.dots import read_dots, to_hints
from flowcolor.errors import InputError
from flowcolor.painting import How, paint

if TYPE_CHECKING:
    from flowcolor.inference import Painted, Painter

DRAWING, REFERENCE = "The drawing", "The reference"
LONGEST = 1024  # Pixels of a picture in the page; the command line paints any size.
NOTHING_DRAWN = "Draw a face, or open a drawing."
NO_REFERENCE = "Choose a reference: a photograph that gives the colours."
NO_DOTS = "Set a colour dot: the colours come from dots on the drawing."
# How the page begins a drawing that was made in it; browsers and from_data_url pass over the word.
DRAWN_HERE = "data:image/png;drawn=here;"
_ERASED = 0.9  # Of a page whose darkest pixel is above, everything was erased.
_OPTION = re.compile(r" \(--[a-z-]+[^)]*\)")


class Answer(NamedTuple):
    """What the page shows.

    Args:
        picture: A data URL, empty if there is no picture.
        text: Sentences for the line below the picture.
    """

    picture: str
    text: str


def answer(
    painter: "Painter", drawing: str | None, reference: object, how: How, dots: object = None
) -> Answer:
    """Paint what was drawn, or say in a sentence why not.

    Args:
        painter: What paints; it is shared by all visitors.
        drawing: Data URL of the drawing, empty before the first stroke.
        reference: Data URL of the photograph, empty if none was chosen.
        how: In which way; its values are as a browser sends them, of any type.
        dots: Colour dots on the drawing, see :func:`~flowcolor.app.dots.read_dots`.
    """
    if not drawing:
        return Answer("", NOTHING_DRAWN)
    model = painter.colorizer
    if model.reference == "unused":
        reference = None
    elif not reference and model.reference == "required":
        return Answer("", NO_REFERENCE)
    try:
        _require_switches(how)
        colors = read_dots(dots, model.hints != "unused")
        if not colors and model.hints == "required":
            return Answer("", NO_DOTS)
        page = from_data_url(drawing, DRAWING, LONGEST)
        photo = from_data_url(reference, REFERENCE, LONGEST) if reference else None
        if drawing.startswith(DRAWN_HERE) and not how.draw:
            # Black on white already. And the page is not cut to the strokes, which would move the
            # colours with every stroke of a drawing that is being made.
            if float(page.amin()) > _ERASED:
                return Answer("", NOTHING_DRAWN)
            how = replace(how, clean=False)
        hints = to_hints(colors, *page.shape[-2:])
        painted = paint(painter, page, photo, how, hints)
    except InputError as error:
        return Answer("", _for_the_page(str(error)))
    return Answer(to_data_url(painted.image), report(painted))


def report(painted: "Painted") -> str:
    """Return what to say of a painted picture, a paragraph each.

    Example:
        >>> import torch
        >>> from flowcolor.inference import Painted
        >>> image = torch.zeros(3, 1, 1)
        >>> report(Painted(image, (1, 1), 1e-6, 1e-6, 2e-4))
        'Every line can be recovered: largest error 0.0002 of 1.'
    """
    lines = [_for_the_page(f"Notice: {notice}.") for notice in painted.notices]
    if painted.said:
        lines.append(f"The drawing: {', '.join(painted.said)}.")
    if painted.aligned:
        lines.append("The reference was laid with its face on the drawing's.")
    lines.append(_round_trip(painted.sketch_error))
    return "\n\n".join(line for line in lines if line)


def _require_switches(how: How) -> None:
    for name in ("clean", "align", "draw"):
        value = getattr(how, name)
        if not isinstance(value, bool):  # A text "false" would count as true.
            raise InputError(f"{name} expects true or false, got {type(value).__name__}.")


def _round_trip(error: float) -> str:
    if math.isnan(error):  # Not measured.
        return ""
    if error < 0.5 / 255:  # Less than a step of eight bits: no picture file could tell.
        return f"Every line can be recovered: largest error {error:.1g} of 1."
    return f"Lines can be recovered with errors of up to {error:.2g} of 1."


def _for_the_page(sentence: str) -> str:
    """Leave out names of options, which nobody finds in a page."""
    return _OPTION.sub("", sentence)
