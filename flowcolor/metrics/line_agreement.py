"""Do the lines of a result lie where the lines of its drawing lie?"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import pad

from flowcolor.arguments import plain_numbers
from flowcolor.metrics.base import SeparateMetric
from flowcolor.metrics.on_lines import check_threshold, in_pixels, show_broken
from flowcolor.values import require_colors, require_tensors, widen


def line_f1(
    lines: Float[Tensor, "batch channels height width"],
    truth: Float[Tensor, "batch channels height width"],
    tolerance: float = 0.02,
    threshold: float = 0.9,
) -> Float[Tensor, " batch"]:
    r"""F1 score of one line drawing against another, one number per pair.

    .. math:: P = \frac{|A \cap \delta(B)|}{|A|}, \qquad R = \frac{|B \cap \delta(A)|}{|B|},
              \qquad F_1 = \frac{2 P R}{P + R}

    :math:`A` and :math:`B` are the pixels of ``lines`` and ``truth`` that are darker than
    ``threshold``, :math:`\delta` grows them by a disk, so that a line beside its place still
    counts. Two blank drawings agree (1), a blank one and another do not (0). The score is
    symmetric.

    Args:
        lines: Drawings in :math:`[0, 1]` with paper 1; channels are averaged.
        truth: The drawings they should agree with.
        tolerance: Radius of the disk: below 1 a fraction of the shorter side, otherwise pixels.
            A radius below one pixel tolerates nothing.
        threshold: A pixel belongs to a line if it is below this brightness. High, because thin
            lines turn grey when a drawing is scaled down.

    Raises:
        ValueError: If the shapes differ or are no images, values lie far outside [0, 1], or an
            argument is out of range.

    Reference:
        Martin et al., "Learning to detect natural image boundaries using local brightness, color,
        and texture cues" (2004), which matches pixels one to one where this dilates; its usual
        tolerance is 0.0075 of the diagonal. https://doi.org/10.1109/TPAMI.2004.1273918

    Example:
        >>> drawing = torch.rand(2, 1, 8, 8)
        >>> line_f1(drawing, drawing)
        tensor([1., 1.])
    """
    require_tensors("line_f1", lines, truth)
    if lines.ndim != 4 or lines.shape != truth.shape or 0 in lines.shape[1:]:
        raise ValueError(
            "line_f1 expects two batches of drawings of one shape "
            f"(batch, channels, height, width), got {tuple(lines.shape)} and {tuple(truth.shape)}."
        )
    require_colors("line_f1", lines, truth)
    check_threshold("line_f1", threshold, "from", tolerance=tolerance)
    radius = in_pixels(tolerance, lines)
    a, b = (widen(x).mean(1, keepdim=True) < threshold for x in (lines, truth))
    precision, recall = _share_near(a, b, radius), _share_near(b, a, radius)
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    blank = ~(a | b).flatten(1).any(1)
    return show_broken(torch.where(blank, torch.ones_like(f1), f1), lines, truth)


class LineAgreement(SeparateMetric):
    r"""Does the result follow its drawing, or does it copy the reference?

    The filter that draws sketches from photographs is applied to the result by the caller, and its
    lines are compared by :func:`line_f1` with the sketch that was given and, as the control, with
    the lines of the reference's own photograph. A model that copies the reference scores higher on
    the control. All three numbers are averages over images, the same on any number of processes.

    Args:
        tolerance: See :func:`line_f1`.
        threshold: See :func:`line_f1`.

    Shape:
        - ``lines``, ``sketch``, ``reference_lines``: :math:`(B, C, H, W)`.
        - output: a dictionary of scalars: ``lines`` (agreement with the sketch, higher is better),
          ``lines_control`` (with the reference's lines) and ``lines_won`` (share of images that
          agree better with the sketch than with the reference's lines).

    Example:
        >>> metric = LineAgreement()
        >>> metric.update(*torch.rand(3, 2, 1, 8, 8))
        >>> sorted(metric.compute())
        ['lines', 'lines_control', 'lines_won']
    """

    full_state_update = False
    sums: Tensor
    count: Tensor

    @plain_numbers
    def __init__(self, tolerance: float = 0.02, threshold: float = 0.9) -> None:
        super().__init__()
        check_threshold("LineAgreement", threshold, "from", tolerance=tolerance)
        self.tolerance, self.threshold = tolerance, threshold
        self.add_state("sums", torch.zeros(3, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(
        self,
        lines: Float[Tensor, "batch channels height width"],
        sketch: Float[Tensor, "batch channels height width"],
        reference_lines: Float[Tensor, "batch channels height width"],
    ) -> None:
        """Add a batch of results' lines, their sketches and their references' lines."""
        own = line_f1(lines, sketch, self.tolerance, self.threshold)
        control = line_f1(lines, reference_lines, self.tolerance, self.threshold)
        numbers = torch.stack([own, control, (own > control).to(own)])
        # Not in place: a module around may have been converted to half precision, states included,
        # and states that were reset in inference mode cannot be written to outside.
        self.sums = self.sums + numbers.double().sum(1)
        self.count = self.count + len(own)

    def compute(self) -> dict[str, Tensor]:
        """Average over all images; NaN if there were none."""
        names = ("lines", "lines_control", "lines_won")
        return dict(zip(names, self.sums / self.count, strict=True))


def _share_near(
    lines: Bool[Tensor, "batch 1 height width"],
    others: Bool[Tensor, "batch 1 height width"],
    radius: float,
) -> Float[Tensor, " batch"]:
    """Share of the pixels of ``lines`` within ``radius`` of one of ``others``; 0 if none."""
    near = lines & _grow(others, radius)
    # By name: whole numbers are divided in the user's default type, which may be a half one.
    counts, all_counts = (x.flatten(1).sum(1, dtype=torch.float32) for x in (near, lines))
    return counts / all_counts.clamp(min=1)


def _grow(
    lines: Bool[Tensor, "batch 1 height width"], radius: float
) -> Bool[Tensor, "batch 1 height width"]:
    reach = math.floor(radius)
    height, width = lines.shape[-2:]
    # A disk is a stack of rows, and how many lines there are in a row is a difference of two sums:
    # whole numbers, and a hundred times as fast as a convolution with the disk.
    sums = pad(lines.int(), (reach + 1, reach, reach, reach)).cumsum(-1, dtype=torch.int32)
    grown = lines
    for row, half in enumerate(_disk(reach, radius)):
        strip = sums[..., row : row + height, :]
        last, first = (
            strip[..., start : start + width] for start in (reach + 1 + half, reach - half)
        )
        grown = grown | (last > first)
    return grown


def _disk(reach: int, radius: float) -> list[int]:
    """Return how far each row of a disk reaches to both sides."""
    squares = [radius**2 - row**2 for row in range(-reach, reach + 1)]
    return [math.isqrt(math.floor(square)) for square in squares]
