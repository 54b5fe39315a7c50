"""How far two pictures of the same thing are apart in colour, and what that tells of a method."""

from itertools import combinations

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.color import rgb_to_lab
from flowcolor.metrics.base import comparable
from flowcolor.metrics.mean_color import mean_color_distance
from flowcolor.metrics.on_lines import show_broken
from flowcolor.values import is_float, require_tensors

_NOTICEABLE = 2.3  # Units of L*a*b*.


def lab_distance(
    image: Float[Tensor, "batch 3 height width"], other: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " batch"]:
    r"""Mean distance :math:`\Delta E_{76}` of the pixels of each pair at the same place.

    Args:
        image: sRGB in :math:`[0, 1]`.
        other: Of the same shape.

    Raises:
        ValueError: If the shapes differ, or values are far outside of [0, 1].

    Reference:
        CIE 15 (2004), the 1976 colour difference: the Euclidean distance in L*a*b*.

    Example:
        >>> white = torch.ones(1, 3, 4, 4)
        >>> lab_distance(white, 0 * white).round()  # From L = 100 to L = 0.
        tensor([100.])
    """
    image, other = comparable("lab_distance", image, other)
    apart: Tensor = torch.linalg.vector_norm(rgb_to_lab(image) - rgb_to_lab(other), dim=1)
    return apart.mean((1, 2))


def hint_error(
    result: Float[Tensor, "batch 3 height width"],
    colors: Float[Tensor, "batch 3 height width"],
    mask: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, " batch"]:
    r"""Mean distance :math:`\Delta E_{76}` to the hints where there are some, lower is better.

    A user who marks a colour expects to find it there.

    Args:
        result: sRGB in :math:`[0, 1]`.
        colors: The colours that were given.
        mask: Above 0 where one was given.

    Returns:
        One number per image; NaN for those without hints, or with NaN in the mask.

    Raises:
        ValueError: If the shapes do not fit together, or values are far outside of [0, 1].

    Example:
        >>> mask = torch.zeros(1, 1, 4, 4)
        >>> mask[..., 1, 1] = 1
        >>> hint_error(torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), mask).round()
        tensor([100.])
    """
    require_tensors("hint_error", result, colors, mask)
    if mask.is_complex() or (mask.is_floating_point() and not is_float(mask)):
        raise ValueError(f"hint_error expects a mask of float numbers, got {mask.dtype}.")
    given = mask > 0
    if colors.shape != result.shape:  # One set of colours would serve every result.
        raise ValueError(
            f"hint_error expects colors of the shape of the results, {tuple(result.shape)}, got "
            f"{tuple(colors.shape)}."
        )
    if mask.shape != (len(result), 1, *result.shape[2:]):
        raise ValueError(
            f"hint_error expects a mask of shape {(len(result), 1, *result.shape[2:])}, got "
            f"{tuple(mask.shape)}."
        )
    # What is not given may hold anything.
    result, colors = comparable("hint_error", result, colors.where(given, 0))
    apart = torch.linalg.vector_norm(rgb_to_lab(result) - rgb_to_lab(colors), dim=1)
    sums = apart.where(given[:, 0], 0).sum((1, 2))
    error: Tensor = sums / given.sum((1, 2, 3))
    return show_broken(error, mask)


def reference_sensitivity(
    result: Float[Tensor, "batch 3 height width"],
    other_result: Float[Tensor, "batch 3 height width"],
    reference: Float[Tensor, "batch 3 reference_height reference_width"],
    other_reference: Float[Tensor, "batch 3 other_height other_width"],
) -> Float[Tensor, " batch"]:
    r"""How much a method listens to its reference: 0 if not at all.

    .. math:: \frac{\overline{\|L(x_1) - L(x_2)\|}}{\|\overline{L(r_1)} - \overline{L(r_2)}\|}

    :math:`x_1, x_2` are results of the same content, :math:`L` is L*a*b*. Tinting the content by
    the mean colour of the reference gives about 1 where the content is light. Neither more nor less
    is right: a face may need other colours at places whose means are the same.

    Args:
        result: The contents with the colours of ``reference``.
        other_result: The same contents with those of ``other_reference``.
        reference: sRGB in :math:`[0, 1]`.
        other_reference: Likewise; sizes may differ.

    Returns:
        One number per image; NaN where the mean colours of the references differ by less than 2.3,
        which nobody notices: the quotient would be noise.

    Raises:
        ValueError: If the shapes of the results differ, or values are far outside of [0, 1].

    Example:
        >>> same, red, blue = torch.rand(3, 1, 3, 8, 8)
        >>> red[:, 1:], blue[:, :2] = 0, 0
        >>> reference_sensitivity(same, same, red, blue)
        tensor([0.])
    """
    require_tensors("reference_sensitivity", result, other_result, reference, other_reference)
    apart = lab_distance(result, other_result)
    moved = mean_color_distance(reference, other_reference)
    if len(result) != len(reference):
        raise ValueError(
            "reference_sensitivity expects as many results as references, "
            f"got {len(result)} and {len(reference)}."
        )
    share = apart / moved
    return share.where(moved >= _NOTICEABLE, torch.nan)


def diversity(
    samples: Float[Tensor, "samples batch 3 height width"],
) -> Float[Tensor, " batch"]:
    """Mean of :func:`lab_distance` over all pairs of samples of the same picture.

    0 for a method that draws no random numbers, or ignores them. More is not better by itself:
    noise is diverse, too. Read it beside a score of the single pictures.

    Args:
        samples: Two or more batches of the same contents, each painted with other random numbers.

    Raises:
        ValueError: If there are fewer than two samples.

    Example:
        >>> diversity(torch.stack([torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)])).round()
        tensor([100.])
    """
    require_tensors("diversity", samples)
    count = len(samples) if samples.ndim else 0
    if count < 2:
        raise ValueError(f"diversity expects at least two samples, got {count}.")
    distances = [lab_distance(one, other) for one, other in combinations(samples, 2)]
    return torch.stack(distances).mean(0)
