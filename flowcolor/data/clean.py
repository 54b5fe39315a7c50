"""From a scan or a photograph of a drawing to dark strokes on white paper."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.color import to_gray
from flowcolor.data.morphology import blurred, closed
from flowcolor.data.ruled import remove_rules
from flowcolor.io.resizing import resize
from flowcolor.values import in_full, require_pictures

_WORK = 256  # Pixels of the shorter side at which paper and light are judged.
_WINDOW = 0.12  # Of the shorter side: strokes and shading are narrower, light changes more slowly.
_DARK = 0.4  # A drawing whose middle grey is below is light on dark.
_INK = 0.25  # Levels end here: the darkest strokes are made at least so dark.
_DRAWN = 0.15  # Darkness above which a pixel belongs to a stroke.
_MARGIN = 0.08  # Paper that a crop leaves around the strokes, of their extent.
_CROP = 0.7  # Strokes that fill less than this part of both sides are cut out.
_NARROWEST = 0.5  # Of its other side: a single line is cut out with some of the page around it.
# A photograph has less paper than a drawing, and larger areas of different brightness. Measured on
# 32 portraits (0.45 to 0.74, 0.09 to 0.3) and 37 drawings, shaded, on uneven paper and by filters
# (0.66 to 0.99, 0 to 0.1): none of either was taken for the other.
_PAPER, _AREAS = 0.76, 0.05


@dataclass(frozen=True)
class Cleaned:
    """A drawing on white paper and what was done to it.

    Args:
        drawing: :math:`(3, H, W)` in [0, 1], three equal channels, of the size that was given.
        box: Top, left, bottom and right of the strokes with a margin; the whole page if they fill
            it.
        said: What was done, a few words each; empty if the drawing was as it should be.
        is_photograph: Whether there is too little paper for a drawing.
    """

    drawing: Tensor
    box: tuple[int, int, int, int]
    said: list[str]
    is_photograph: bool


def clean_drawing(image: Float[Tensor, "3 height width"]) -> Cleaned:
    r"""Make paper white and strokes dark.

    In this order, each only where it is needed:

    1. White strokes on black are inverted.
    2. Paper and light :math:`p` are estimated by a closing with a square wider than any stroke,
       smoothed, and divided out: :math:`y = x / p`.
    3. The printed lines of ruled and squared paper are divided out
       (:func:`~flowcolor.data.ruled.remove_rules`).
    4. Levels: with :math:`m` the median and :math:`s` the spread (1.48 times the median absolute
       deviation) of what is left, values above :math:`m - 3s` become white; strokes that are
       fainter than a pencil's are darkened, so that the darkest are at least three quarters black.
    5. The box around the strokes is found, for drawings that fill a corner of their page.

    A drawing that is black on white already comes back as it is.

    Args:
        image: RGB in [0, 1], of any size.

    Raises:
        ValueError: The image is no float image of that shape with values in [0, 1].

    Reference:
        The closing is that of document binarisation, for instance Gonzalez and Woods, "Digital
        image processing", section 9.6 (shading correction).
    """
    require_pictures("clean_drawing", image)
    gray = to_gray(in_full(image))
    said = []
    small = _small(gray)
    if float(small.median()) < _DARK:
        gray, small = 1 - gray, 1 - small
        said.append("inverted white on black")
    paper = _paper(small)
    is_paper = float(((small / paper) > 1 - _DRAWN).float().mean())
    is_photograph = is_paper < _PAPER and float(paper.std(correction=0)) > _AREAS
    uneven = float(paper.amax() - paper.amin()) > 0.06 or float(paper.mean()) < 0.94
    if uneven:
        gray = (gray / _like(paper, gray)).clamp(0, 1)
        small = (small / paper).clamp(0, 1)
        said.append("evened out paper and light")
    unruled = remove_rules(gray)
    if unruled is not None:
        gray, small = unruled, _small(unruled)
        said.append("took out the printed lines")
    gray, small, leveled = _levels(gray, small)
    said += leveled
    box = _box(small, gray)
    if box != (0, 0, gray.shape[-2], gray.shape[-1]):
        said.append("cut the page to the strokes")
    return Cleaned(gray.expand(3, -1, -1).contiguous(), box, said, is_photograph)


def _small(gray: Tensor) -> Tensor:
    height, width = gray.shape[-2:]
    scale = min(1.0, _WORK / min(height, width))
    return resize(gray, (max(1, round(height * scale)), max(1, round(width * scale))))


def _like(small: Tensor, image: Tensor) -> Tensor:
    size = (image.shape[-2], image.shape[-1])
    return functional.interpolate(small[None], size, mode="bilinear", align_corners=False)[0]


def _paper(small: Tensor) -> Tensor:
    radius = max(1, round(_WINDOW * min(small.shape[-2:]) / 2))
    # The median first: a closing keeps the brightest grain of noise, and the paper would be grey.
    around = functional.pad(small, (1, 1, 1, 1), mode="replicate")
    smooth = around.unfold(1, 3, 1).unfold(2, 3, 1).flatten(3).median(3).values
    return blurred(closed(smooth, radius), radius / 2).clamp(min=0.05)


def _levels(gray: Tensor, small: Tensor) -> tuple[Tensor, Tensor, list[str]]:
    """Whiten grainy paper and darken faint strokes."""
    middle = float(gray.median())
    spread = 1.48 * float((gray - middle).abs().median())
    white = min(1.0, middle - 3 * spread) if spread > 0.004 else middle
    white = max(white, 0.5)
    # Of a thousand pixels one is at least so dark: less depends on single specks.
    black = float(torch.quantile(small.flatten()[:: max(1, small.numel() // 100000)], 0.005))
    black = max(0.0, (black - _INK * white) / (1 - _INK)) if black > _INK else 0.0
    said = []
    if white < 0.99:
        said.append("whitened the paper")
    if black > 0.05:
        said.append("darkened faint strokes")
    else:
        black = 0.0
    if not said:
        return gray, small, said
    black = min(black, white - 0.02)
    adjusted = [((x - black) / (white - black)).clamp(0, 1) for x in (gray, small)]
    return adjusted[0], adjusted[1], said


def _box(small: Tensor, gray: Tensor) -> tuple[int, int, int, int]:
    """Return the extent of the strokes in pixels of ``gray``, or all of it."""
    height, width = gray.shape[-2:]
    everything = (0, 0, height, width)
    drawn = small[0] < 1 - _DRAWN
    spans = []
    for axis, side in ((1, height), (0, width)):
        share = drawn.float().mean(axis)
        where = (share > 0.004).nonzero().flatten()  # Specks of dust do not widen a drawing.
        if len(where) == 0:
            return everything
        first, last = int(where[0]), int(where[-1]) + 1
        margin = _MARGIN * (last - first)
        scale = side / len(share)
        spans.append((max(0, (first - margin) * scale), min(side, (last + margin) * scale)))
    if all(
        last - first > _CROP * side
        for (first, last), side in zip(spans, (height, width), strict=True)
    ):
        return everything
    least = _NARROWEST * max(last - first for first, last in spans)
    (top, bottom), (left, right) = (
        _widened(*span, least, side) for span, side in zip(spans, (height, width), strict=True)
    )
    return int(top), int(left), round(bottom), round(right)


def _widened(first: float, last: float, least: float, side: int) -> tuple[float, float]:
    """Widen a span about its middle to ``least``, as far as there is page."""
    extent = min(max(last - first, least), side)
    first = min(max(0, (first + last - extent) / 2), side - extent)
    return first, first + extent
