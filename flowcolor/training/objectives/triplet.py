"""That of all places of a reference the right one is the most similar, by a margin."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.values import require_floats, widen, without_autocast


def triplet(
    query: Float[Tensor, "batch channels height width"],
    key: Float[Tensor, "batch channels tall wide"],
    warp: Float[Tensor, "batch rows columns 2"],
    margin: float = 12.0,
) -> Tensor:
    r"""Return by how much wrong places are more similar than they should be.

    .. math::
        \overline{\big(S(q_p, k_n) - S(q_p, k_r) + m\big)_+}, \qquad S(q, k) = q^T k / \sqrt C

    The mean is over the places r of the reference that show a place p of the drawing, and over all
    other places n of the reference: the expectation of the paper's loss, which draws one n at
    random. What lies outside of the drawing, and shows a reflection, does not count.

    Args:
        query: Of each place of the drawing.
        key: Of each place of the reference.
        warp: Which point of the drawing each pixel of the reference shows, in the coordinates of
            ``grid_sample``, at any size.
        margin: The number :math:`m`.

    Raises:
        ValueError: An input is no float tensor, or they are of other shapes than these.

    Reference:
        Lee et al., "Reference-Based Sketch Image Colorization using Augmented-Self Reference and
        Dense Semantic Correspondence" (2020), equation 5. https://arxiv.org/abs/2005.05207
    """
    require_floats("triplet", query, key, warp)
    maps = query.ndim == key.ndim == 4 and query.shape[:2] == key.shape[:2]
    maps = maps and 0 not in (*query.shape[2:], *key.shape[2:])
    if not maps or warp.ndim != 4 or (len(warp), warp.shape[3]) != (len(query), 2):
        raise ValueError(
            "triplet expects a query and a key of shape (batch, channels, height, width) and a "
            "warp of shape (batch, rows, columns, 2), got "
            f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(warp.shape)}."
        )
    with without_autocast(query):
        products = widen(query).flatten(2).mT @ widen(key).flatten(2).to(widen(query).dtype)
    similarity = products / math.sqrt(query.shape[1])
    partner, inside = partners(warp, key.shape[2:], query.shape[2:])
    rows = similarity.gather(1, partner[:, :, None].expand(-1, -1, partner.shape[1]))
    right = rows.diagonal(dim1=1, dim2=2)[:, :, None]
    count = rows.shape[2]
    others = 1 - torch.eye(count, device=rows.device)
    wrong = ((rows - right + margin).relu() * others).sum(2) / max(count - 1, 1)
    return (wrong * inside).sum() / inside.sum().clamp(min=1)


def partners(warp: Tensor, reference: torch.Size, drawing: torch.Size) -> tuple[Tensor, Tensor]:
    """Return which place of the drawing each place of the reference shows, and whether it is there.

    Args:
        warp: As of :func:`triplet`.
        reference: Height and width in places.
        drawing: Likewise.

    Returns:
        Two tensors (B, N) for N places of the reference: an index of a place, and 1 or 0.
    """
    size = reference[0], reference[1]
    points = functional.adaptive_avg_pool2d(warp.movedim(-1, 1), size).flatten(2)
    inside = (points.abs() < 1).all(1)
    height, width = drawing
    column, row = (
        ((points[:, axis] + 1) / 2 * side).long().clamp(0, side - 1)
        for axis, side in ((0, width), (1, height))
    )
    return row * width + column, inside.to(warp.dtype)
