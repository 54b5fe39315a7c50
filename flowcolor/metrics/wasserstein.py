"""How far apart are two clouds of colours?"""

import math
from numbers import Integral

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from flowcolor.arguments import check_count
from flowcolor.bounds import shown_value, whole_within
from flowcolor.color import rgb_to_lab
from flowcolor.metrics.mean_color import mask_like
from flowcolor.values import is_float, require_tensors, widen

_MOST_DIRECTIONS = 2**16


def sliced_wasserstein(
    a: Float[Tensor, "n channels"], b: Float[Tensor, "m channels"], directions: int = 64
) -> Float[Tensor, ""]:
    r"""Sliced Wasserstein-1 distance of two sets of points in three dimensions.

    .. math:: \frac{1}{K} \sum_{k=1}^{K} \int_0^1
              \big| F^{-1}_{\langle a, \theta_k \rangle}(u)
                  - F^{-1}_{\langle b, \theta_k \rangle}(u) \big| \, du

    Exact in each direction, also for sets of different sizes, in :math:`O(K (n + m) \log(n + m))`.
    The directions :math:`\theta_k` are spread evenly over a half-sphere and always the same, so no
    random number is drawn. Moving a set by :math:`d` costs about :math:`\|d\| / 2`.

    Args:
        a: Points, for instance L*a*b* colours.
        b: Points to compare with.
        directions: How many directions :math:`K`.

    Returns:
        A scalar in the unit of the points; NaN if a set is empty.

    Raises:
        ValueError: If the points are no float numbers in three dimensions, or ``directions`` is no
            whole number of at least 1.

    Reference:
        Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures" (2015), section 2,
        with the exponent 1. https://doi.org/10.1007/s10851-014-0506-3

    Example:
        >>> points = torch.rand(100, 3)
        >>> sliced_wasserstein(points, points)
        tensor(0.)
    """
    require_tensors("sliced_wasserstein", a, b)
    good = all(x.ndim == 2 and x.shape[1] == 3 and is_float(x) for x in (a, b))
    whole = isinstance(directions, Integral) and not isinstance(directions, bool)
    if not good or not whole or directions < 1:
        got = shown_value(directions)
        raise ValueError(
            "sliced_wasserstein expects two sets of float points of shape (n, 3) and at least one "
            f"direction, got {a.dtype} of shape {tuple(a.shape)}, {b.dtype} of shape "
            f"{tuple(b.shape)} and {got}."
        )
    check_directions(sliced_wasserstein, directions)
    # In half precision the counts below would be infinite.
    a, b = widen(a), widen(b)
    in_a, in_b = (x.new_ones(len(x), dtype=torch.bool) for x in (a, b))
    return _distance(a, b, in_a, in_b, directions)


def color_wasserstein(
    image: Float[Tensor, "batch 3 height width"],
    reference: Float[Tensor, "batch 3 reference_height reference_width"],
    mask: Bool[Tensor, "batch height width"] | None = None,
    reference_mask: Bool[Tensor, "batch reference_height reference_width"] | None = None,
    directions: int = 64,
) -> Float[Tensor, " batch"]:
    """Distance of the L*a*b* colours of each pair, wherever in the image they are.

    One number per pair, see :func:`sliced_wasserstein`; NaN if a mask is empty. The images of a
    pair may differ in size.

    Args:
        image: sRGB in :math:`[0, 1]`.
        reference: The images whose colours they should have.
        mask: Which pixels of ``image`` count, for instance the face; ``None`` means all.
        reference_mask: Which pixels of ``reference`` count.
        directions: See :func:`sliced_wasserstein`.

    Raises:
        ValueError: If the shapes do not fit together.
    """
    require_tensors("color_wasserstein", image, reference)
    colors, others = (rgb_to_lab(x).flatten(2).mT for x in (image, reference))
    if len(image) != len(reference):
        raise ValueError(
            "color_wasserstein expects as many images as references, "
            f"got {len(image)} and {len(reference)}."
        )
    check_directions(color_wasserstein, directions)
    masks = mask_like(image, mask).flatten(1), mask_like(reference, reference_mask).flatten(1)
    # One pair at a time: all directions of all pixels of a batch would not fit into memory.
    pairs = zip(colors, others, *masks, strict=True)
    distances = [_distance(*pair, directions) for pair in pairs]
    return torch.stack(distances) if distances else widen(image).new_zeros(0)


def check_directions(owner: object, directions: int) -> None:
    """Raise ``ValueError`` for what is no number of directions, or one beyond all measure."""
    check_count(owner, directions=directions)
    name = getattr(owner, "__name__", type(owner).__name__)
    whole_within(f"{name}'s directions", directions, 1, _MOST_DIRECTIONS)


def _distance(
    a: Float[Tensor, "n 3"],
    b: Float[Tensor, "m 3"],
    in_a: Bool[Tensor, " n"],
    in_b: Bool[Tensor, " m"],
    directions: int,
) -> Float[Tensor, ""]:
    r"""Return :func:`sliced_wasserstein` of the points that are marked.

    .. math:: \frac{1}{K} \sum_{k=1}^{K} \int |F_a(t) - F_b(t)| \, dt

    in each direction, which is the same; both functions are steps at the points. No shape depends
    on what is marked, so that it works where no value can be looked at.
    """
    if len(a) == 0 or len(b) == 0:
        return a.new_tensor(math.nan)
    points = torch.cat([a, b]).where(torch.cat([in_a, in_b])[:, None], 0)  # Without a weight.
    places, order = _project(points, _half_sphere(directions).to(points)).sort(1)
    sets = torch.cat([in_a, torch.zeros_like(in_b)]), torch.cat([torch.zeros_like(in_a), in_b])
    shares = [
        inside[order].cumsum(1, dtype=torch.int32)[:, :-1].to(points) / inside.sum()
        for inside in sets
    ]
    return (places.diff(dim=1) * (shares[0] - shares[1]).abs()).sum(1).mean()


def _project(
    points: Float[Tensor, "n 3"], theta: Float[Tensor, "directions 3"]
) -> Float[Tensor, "directions n"]:
    """Multiply without a matrix product, which autocast and TF32 would round."""
    x, y, z = (points[:, i] * theta[:, i, None] for i in range(3))
    return x + y + z


def _half_sphere(count: int) -> Float[Tensor, "count 3"]:
    """Spread unit vectors evenly over a half-sphere along a golden spiral."""
    index = torch.arange(count, dtype=torch.float64, device="cpu")
    height = (index + 0.5) / count
    angle = index * math.pi * (3 - math.sqrt(5))
    ring = (1 - height**2).sqrt()
    return torch.stack([height, ring * angle.cos(), ring * angle.sin()], 1)
