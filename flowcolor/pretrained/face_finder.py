"""Where the face is, in a photograph or in a line drawing, by one linear filter for each."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_choice
from flowcolor.color import to_gray
from flowcolor.io.resizing import resize
from flowcolor.values import require_colors, require_floats, without_autocast

CELL = 4  # Pixels of a cell's side.
BINS = 9  # Directions between 0 and 180 degrees.
CELLS = 14  # Of the window's side.
WINDOW = CELL * CELLS
# Sides of the window as parts of the picture's shorter side. A face that is larger than the picture
# has no lines at its border, and one that is smaller than a quarter lends few pixels of colour.
PARTS = [0.25 * (1.3 / 0.25) ** (step / 10) for step in range(11)]
_AROUND = 1.7  # Times the best window: where it is looked at once more,
_FINE = [2 ** ((step - 4) / 8) / _AROUND for step in range(9)]  # half an octave up and down.
_SEEN = 256  # Pixels of the shorter side: all that the smallest window needs.
_MARGIN = 4 * CELL  # The window of a close portrait is larger than the picture.
_FIRST = WINDOW / 2 - _MARGIN  # Where the middle of the first window is.
_LONGEST = 8  # Times the shorter side. What is longer, a strip, would be enlarged to gigabytes.
_NEAR = 0.25  # Of the window's side, and half an octave: windows so near show the same face.
_FILE = Path(__file__).with_name("face_finder.safetensors")

Kind = Literal["photo", "drawing"]


@dataclass(frozen=True)
class Face:
    """Where a face is.

    Args:
        row: Of the middle between eyes and mouth, in pixels from the upper border.
        column: In pixels from the left border.
        side: Of the square from the forehead to the chin, in pixels: 3.2 times the distance
            between eyes and mouth.
        score: How much it looks like a face: faces are mostly above 3, other things below, and a
            strip, in which none is looked for, is at minus infinity.
    """

    row: float
    column: float
    side: float
    score: float


def oriented_gradients(gray: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b bins h2 w2"]:
    r"""Histograms of the directions of gradients in cells of 4x4 pixels.

    Each pixel adds its gradient's length to the two of nine bins between which its direction
    (0 to 180 degrees, so that a stroke and the border of an area are alike) lies. With :math:`c`
    the histogram of a cell and :math:`e` the mean of :math:`|c|^2` over the 3x3 cells around it:

    .. math:: h = \min(c / \sqrt{e + 10^{-4}},\; 1)

    Args:
        gray: In [0, 1].

    Raises:
        ValueError: It is no float image of one channel, or smaller than a cell.

    Reference:
        Dalal and Triggs (2005), "Histograms of oriented gradients for human detection", with one
        normalisation per cell instead of four.
    """
    require_floats("oriented_gradients", gray)
    if gray.ndim != 4 or gray.shape[1] != 1 or min(gray.shape[2:]) < CELL:
        raise ValueError(
            f"oriented_gradients expects images of shape (batch, 1, height, width) with sides of "
            f"at least {CELL}, got {tuple(gray.shape)}."
        )
    around = functional.pad(gray, (1, 1, 1, 1), mode="replicate")
    right = around[..., 1:-1, 2:] - around[..., 1:-1, :-2]
    down = around[..., 2:, 1:-1] - around[..., :-2, 1:-1]
    direction = torch.atan2(down, right) % math.pi * (BINS / math.pi)
    length = (right.square() + down.square()).sqrt()
    lower = direction.floor()
    upper_part = (direction - lower) * length
    bins = lower.long() % BINS  # An angle just below 0 may be rounded to 180 degrees.
    pixels = length.new_zeros(len(gray), BINS, *gray.shape[-2:])
    pixels.scatter_(1, bins, length - upper_part).scatter_(1, (bins + 1) % BINS, upper_part)
    cells = functional.avg_pool2d(pixels, CELL)
    energy = functional.pad(cells.square().sum(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    return (cells / (functional.avg_pool2d(energy, 3, 1) + 1e-4).sqrt()).clamp(max=1)


def cells_of(image: Float[Tensor, "b c h w"], kind: Kind) -> Float[Tensor, "b channels h2 w2"]:
    r"""Return what the filters look at in every cell of 4x4 pixels.

    Directions of gradients; and of photographs, where skin stands out from most backgrounds, the
    mean chroma, :math:`4 (B - Y)` and :math:`4 (R - Y)` with the luma :math:`Y`, within -1 and 1.

    Raises:
        ValueError: It is no float image, smaller than a cell, or there is no such kind.
    """
    check_choice(cells_of, kind=(kind, Kind))
    require_floats("cells_of", image)
    if image.ndim != 4 or image.shape[1] not in (1, 3) or min(image.shape[2:]) < CELL:
        raise ValueError(
            "cells_of expects images of shape (batch, 3, height, width) with sides of at least "
            f"{CELL}, got {tuple(image.shape)}."
        )
    if kind == "drawing":
        return oriented_gradients(image[:, :1])  # All channels are equal.
    gray = to_gray(image)
    directions = oriented_gradients(gray)
    chroma = functional.avg_pool2d(4 * (image[:, ::2].flip(1) - gray), CELL).clamp(-1, 1)
    return torch.cat([directions, chroma], 1)


def find_face(
    image: Float[Tensor, "3 height width"], kind: Kind, using: tuple[Tensor, float] | None = None
) -> Face:
    """Find the place of a picture that looks most like a face from the front.

    The filter looks at the picture in 11 sizes, and at the surroundings of the best place in nine
    more, much alike. Both times the place is the mean of all near the best, of which each counts by
    the exponential of its score: windows of several sizes often look much the same.

    Args:
        image: In [0, 1], of any size. One that is more than eight times as long as wide shows no
            face, and is not looked at.
        kind: Whether it is a photograph or a line drawing, dark on white.
        using: Weights and bias of another filter than the package's.

    Raises:
        ValueError: The image is no float image with finite values in [0, 1], or there is no such
            kind.

    Example:
        >>> find_face(torch.ones(3, 80, 60), "drawing").score < 0
        True
    """
    check_choice(find_face, kind=(kind, Kind))
    require_colors("find_face", image)
    channels = (1, 3) if kind == "drawing" else (3,)
    if image.ndim != 3 or image.shape[0] not in channels or 0 in image.shape:
        raise ValueError(
            f"find_face expects an image of shape (3, height, width), got {tuple(image.shape)}."
        )
    if image.is_meta:
        raise ValueError("find_face expects a tensor with values, got one on the meta device.")
    if not bool(image.isfinite().all()):
        raise ValueError("find_face expects finite values, got NaN or infinity.")
    # Not in float64: windows lie exactly half an octave apart, and rounding says which are near.
    image = image.detach().float()
    shorter, longer = sorted(image.shape[-2:])
    if longer > _LONGEST * shorter:
        return Face(image.shape[-2] / 2, image.shape[-1] / 2, shorter, -math.inf)
    image = to_gray(image) if kind == "drawing" else image
    shrunk = min(1.0, _SEEN / shorter)
    size = [max(1, round(side * shrunk)) for side in image.shape[-2:]]
    seen = resize(image, (size[0], size[1]))
    places, scores = scan(seen, kind, PARTS, using)
    row, column, side = mean_of(places, scores).tolist()
    around = max(CELL, round(_AROUND * side))
    top, left = round(row - around / 2), round(column - around / 2)
    rows, columns = (
        torch.arange(start, start + around, device=seen.device).clamp(0, side - 1)
        for start, side in zip((top, left), size, strict=True)
    )
    row, column, side = mean_of(*scan(seen[:, rows][:, :, columns], kind, _FINE, using)).tolist()
    score = float(scores.max())
    return Face((row + top) / shrunk, (column + left) / shrunk, side / shrunk, score)


def scan(
    image: Float[Tensor, "c h w"],
    kind: Kind,
    parts: Sequence[float],
    using: tuple[Tensor, float] | None = None,
) -> tuple[Float[Tensor, "places 3"], Float[Tensor, " places"]]:
    """Look at a picture through windows of several sizes, at every fourth pixel of each.

    Args:
        image: In [0, 1].
        kind: Of the picture.
        parts: Sides of the windows, as parts of the picture's shorter side.
        using: Weights and bias of another filter than the package's.

    Returns:
        All places (row, column, side) in pixels, and their scores.
    """
    weights, bias = using or filters()[kind]
    shorter = min(image.shape[-2:])
    places, scores = [], []
    for part in parts:
        scale = WINDOW / (part * shorter)
        size = [max(CELL, round(side * scale)) for side in image.shape[-2:]]
        seen = resize(image[None], (size[0], size[1]))
        cells = cells_of(functional.pad(seen, (_MARGIN,) * 4, mode="replicate"), kind)
        if min(cells.shape[-2:]) < CELLS:
            continue
        with without_autocast(cells):
            found = functional.conv2d(cells, weights[None].to(image))[0, 0] + bias
        rows, columns = (
            (torch.arange(count, dtype=image.dtype, device=image.device) * CELL + _FIRST) / scale
            for count in found.shape
        )
        grid = torch.meshgrid(rows, columns, indexing="ij")
        side = torch.full_like(grid[0], part * shorter)
        places.append(torch.stack([*grid, side], -1).flatten(0, 1))
        scores.append(found.flatten())
    return torch.cat(places), torch.cat(scores)


def mean_of(
    places: Float[Tensor, "places 3"], scores: Float[Tensor, " places"]
) -> Float[Tensor, " 3"]:
    """Return the mean of the places near the best, weighted by the exponentials of their scores."""
    best = places[int(scores.argmax())]
    near = ((places - best)[:, :2].abs() < _NEAR * best[2]).all(1)
    near &= (places[:, 2] / best[2]).log2().abs() < 0.5
    # A sum of products rather than a matrix product, which autocast would round.
    return (scores[near].softmax(0)[:, None] * places[near]).sum(0)


@functools.cache
def filters() -> dict[str, tuple[Tensor, float]]:
    """Return weights and bias of the filter for each kind of picture."""
    from safetensors.torch import load_file

    found = load_file(_FILE)
    return {
        kind: (found[f"{kind}.weights"].float(), float(found[f"{kind}.bias"]))
        for kind in ("photo", "drawing")
    }
