"""Colours of a small picture under the lines of a large drawing."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.io.resizing import resize
from flowcolor.values import require_colors, widen

_SIDE = 640  # Longest shorter side at which colours are spread; lines hide what is lost above.
_REACH = 3.0  # Pixels of the small picture over which colours spread on blank paper.
_STEEP = 12.0  # How much further than its length a step across a full stroke is.
_TRUST = 1e-3  # What a colour under a stroke counts where nothing else is near.


def crisp(
    result: Float[Tensor, "3 h w"],
    seen: Float[Tensor, "3 h w"],
    drawing: Float[Tensor, "3 height width"],
) -> Float[Tensor, "3 height width"]:
    r"""Enlarge a coloured drawing to the size of its drawing, with that drawing's own lines.

    Colours are taken from between the strokes, spread by a filter that strokes stop, and
    multiplied by the drawing. So no colour bleeds over a closed line, and no line is blurred.

    The filter is recursive, along rows and columns in turn: a value keeps
    :math:`a^{1 + c |\Delta d|}` of its predecessor, with :math:`d` the drawing. It runs on colours
    weighted by how much paper they show, and on these weights, whose ratio is the mean colour of a
    region.

    Args:
        result: What the model painted, in [0, 1].
        seen: The drawing that it painted, of the same size.
        drawing: The drawing at its own size.

    Raises:
        ValueError: One is no float image with values in [0, 1], or the first two differ in size.

    Reference:
        Gastal and Oliveira, "Domain transform for edge-aware image and video processing" (2011),
        section 5.2, equations 21 and 22. https://doi.org/10.1145/2010324.1964964
    """
    require_colors("crisp", result, seen, drawing)
    images = (result, seen, drawing)
    if any(image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape for image in images):
        shapes = " and ".join(str(tuple(image.shape)) for image in images)
        raise ValueError(f"crisp expects images of shape (3, height, width), got {shapes}.")
    if result.shape != seen.shape:
        raise ValueError(
            "crisp expects the drawing that was painted in the size of the result, got "
            f"{tuple(seen.shape)} and {tuple(result.shape)}."
        )
    kind = torch.promote_types(widen(drawing).dtype, widen(result).dtype)
    result, seen, drawing = (image.to(kind) for image in images)
    own = (drawing.shape[-2], drawing.shape[-1])
    scale = min(1.0, _SIDE / min(own))
    size = (max(1, round(own[0] * scale)), max(1, round(own[1] * scale)))
    guide = resize(drawing[:1], size)
    # The model's own lines are as wide as its pixels, and dark around the drawing's.
    paper = -functional.max_pool2d(-seen[None, :1], 3, 1, 1)[0]
    trust = functional.interpolate(paper[None].square(), size, mode="bilinear")[0] * guide.square()
    trust = trust.clamp(0, 1).square() + _TRUST
    colors = functional.interpolate(result[None], size, mode="bilinear")[0]
    reach = _REACH * size[0] / result.shape[-2]
    spread = _spread(torch.cat([colors * trust, trust]), guide, reach)
    filled = spread[:3] / spread[3:]
    large = functional.interpolate(filled[None], own, mode="bilinear")[0]
    return (large * drawing).clamp(0, 1)


def _spread(values: Tensor, guide: Tensor, reach: float, passes: int = 3) -> Tensor:
    """Run the recursive filter forwards and backwards along both axes, several times."""
    for turn in range(passes):
        sigma = reach * 3**0.5 * 2 ** (passes - turn - 1) / (4**passes - 1) ** 0.5
        keep = values.new_tensor(-(2**0.5) / max(sigma, 1e-3)).exp()
        for axis in (2, 1):
            step = guide.diff(dim=axis).abs()
            kept = keep ** (1 + _STEEP * reach * step)
            values = _along(values.movedim(axis, 0), kept.movedim(axis, 0)).movedim(0, axis)
    return values


def _along(values: Tensor, kept: Tensor) -> Tensor:
    rows = list(values.unbind(0))
    for i in range(1, len(rows)):
        rows[i] = torch.lerp(rows[i], rows[i - 1], kept[i - 1])
    for i in range(len(rows) - 2, -1, -1):
        rows[i] = torch.lerp(rows[i], rows[i + 1], kept[i])
    return torch.stack(rows)
