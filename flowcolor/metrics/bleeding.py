"""How much of the colour runs over the lines of the drawing?"""

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from flowcolor.arguments import plain_numbers
from flowcolor.color import rgb_to_lab
from flowcolor.metrics.base import ImageMetric
from flowcolor.metrics.on_lines import (
    check_on_lines,
    check_threshold,
    in_pixels,
    show_broken,
)
from flowcolor.values import widen


def color_bleeding(
    image: Float[Tensor, "batch 3 height width"],
    drawing: Float[Tensor, "batch channels height width"],
    reach: float = 0.05,
    threshold: float = 0.9,
) -> Float[Tensor, " batch"]:
    r"""Share of the change of colour at lines that lies beside them, one number per pair.

    Along every row and every column, wherever a line of the drawing has paper on both sides, let
    :math:`p` and :math:`q` be the paper pixels next to the line, :math:`p'` and :math:`q'` those
    further away on the same side, and :math:`c` the chroma :math:`(a^*, b^*)`:

    .. math:: s = c(q') - c(p'), \qquad
              t = \min\Big(\max\Big(\frac{(c(q) - c(p)) \cdot s}{\|s\|}, 0\Big), \|s\|\Big), \qquad
              B = \frac{\sum (\|s\| - t)}{\max(\sum \|s\|, N)}

    over all :math:`N` such places: :math:`s` is the whole step, :math:`t` what of it is made on the
    line itself. Without a unit, from 0 to 1. Areas of flat colour that end at the lines have 0, and
    colours that pass all lines unchanged, to change somewhere beside them, have 1. A step of colour
    across a line of width :math:`w` that was blurred by :math:`\sigma` has

    .. math:: B = 1 - \frac{\operatorname{erf}(w / (2 \sqrt 2 \sigma))}
                           {\operatorname{erf}((w + 2 k) / (2 \sqrt 2 \sigma))}.

    Pixels on lines are not looked at, so that the colour of the lines does not matter. Lines need
    not be closed. Where :math:`\|s\|` is less than 1 on average, which nobody sees, :math:`B` goes
    to 0: a picture without colour has none to bleed, and neither has a blank drawing lines.

    Args:
        image: sRGB in :math:`[0, 1]`.
        drawing: Dark lines on white paper in :math:`[0, 1]`; channels are averaged.
        reach: How far :math:`p'` and :math:`q'` lie from :math:`p` and :math:`q`, :math:`k` above:
            below 1 a fraction of the shorter side, otherwise pixels; at least one pixel, and at
            most half of the way to the next line. Places without room for one do not count.
        threshold: A pixel belongs to a line if it is below this brightness.

    Raises:
        ValueError: If the shapes do not fit together, values lie far outside [0, 1], or an argument
            is out of range.

    Example:
        >>> drawing = torch.ones(1, 1, 8, 8)
        >>> drawing[..., 4] = 0
        >>> image = torch.ones(1, 3, 8, 8)
        >>> image[:, 1:, :, :4] = 0  # Red on the left of the line, white on its right.
        >>> round(color_bleeding(image, drawing, reach=1).item(), 4)
        0.0
        >>> image[:, 1:, :, 5] = 0  # The red passes the line by one pixel.
        >>> round(color_bleeding(image, drawing, reach=1).item(), 4)
        1.0
    """
    check_on_lines("color_bleeding", image, drawing, threshold, reach=reach)
    k = max(1, int(in_pixels(reach, image)))
    chroma = rgb_to_lab(image)[:, 1:]
    paper = widen(drawing).mean(1) >= threshold
    rows = _steps(chroma, paper, k)
    columns = _steps(chroma.mT.contiguous(), paper.mT.contiguous(), k)
    whole, on_line, count = (a + b for a, b in zip(rows, columns, strict=True))
    # Divided by their number where the steps are invisible: the share of nothing would be noise.
    found = (whole - on_line) / torch.maximum(whole, count.clamp(min=1).to(whole))
    return show_broken(found, image, drawing)


class ColorBleeding(ImageMetric):
    """Average of :func:`color_bleeding` over images; lower is better.

    Args:
        reach: See :func:`color_bleeding`.
        threshold: See :func:`color_bleeding`.

    Shape:
        - ``result``: :math:`(B, 3, H, W)`, sRGB in :math:`[0, 1]`.
        - ``other``: the drawings, :math:`(B, C, H, W)`.
        - output: ``bleeding``, a scalar.

    Example:
        >>> metric = ColorBleeding()
        >>> metric.update(*torch.rand(2, 4, 3, 16, 16))
        >>> sorted(metric.compute())
        ['bleeding']
    """

    name = "bleeding"

    @plain_numbers
    def __init__(self, reach: float = 0.05, threshold: float = 0.9) -> None:
        super().__init__()
        check_threshold("ColorBleeding", threshold, "above", reach=reach)
        self.reach, self.threshold = reach, threshold

    def per_image(self, result: Tensor, other: Tensor) -> Float[Tensor, " batch"]:
        return color_bleeding(result, other, self.reach, self.threshold)


def _steps(
    chroma: Float[Tensor, "batch 2 height width"], paper: Bool[Tensor, "batch height width"], k: int
) -> tuple[Float[Tensor, " batch"], Float[Tensor, " batch"], Integer[Tensor, " batch"]]:
    """Return the sums of whole steps where rows cross lines and of their parts on the line.

    And how many there are. No shape depends on the drawing, so that it works where no value can be
    looked at. Each place is kept at the first pixel of paper behind its line, :math:`q`.
    """
    width = paper.shape[2]
    here = torch.arange(width, device=paper.device)
    # The first and the last pixel of the run of paper that each pixel of paper belongs to.
    first = here.where(~paper, -1).cummax(2).values + 1
    last = here.where(~paper, width).flip(2).cummin(2).values.flip(2) - 1
    room = ((last - first) // 2).clamp(0, k)
    before = here.where(paper, -1).cummax(2).values[..., :-1]
    p = torch.cat([torch.full_like(paper[..., :1], -1, dtype=before.dtype), before], 2)
    known = p.clamp(min=0)
    behind = room.gather(2, known)
    crossed = paper & (first == here) & (p >= 0) & (room > 0) & (behind > 0)

    def at(place: Tensor) -> Tensor:
        return chroma.gather(3, place.clamp(0, width - 1)[:, None].expand(chroma.shape))

    s = (at(here + room) - at(known - behind)).where(crossed[:, None], 0)
    squares = s.square().sum(1)
    # A norm along two numbers takes torch ten times as long; the root has no gradient at 0.
    some = squares > 0
    whole = squares.where(some, 1).sqrt().where(some, 0)
    on_line = ((chroma - at(known)) * s).sum(1) / whole.clamp(min=1e-12)
    made = torch.minimum(on_line.clamp(min=0), whole)
    return whole.sum((1, 2)), made.sum((1, 2)), crossed.sum((1, 2))
