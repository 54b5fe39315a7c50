"""Mean colours, and whose reference a result is nearest to."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from flowcolor.color import rgb_to_lab
from flowcolor.values import is_float, require_tensors


def mean_color(
    image: Float[Tensor, "batch 3 height width"],
    mask: Bool[Tensor, "batch height width"] | None = None,
) -> Float[Tensor, "batch 3"]:
    """Mean L*a*b* colour of each image inside its mask; NaN if the mask is empty.

    Args:
        image: sRGB in :math:`[0, 1]`.
        mask: Which pixels count; ``None`` means all.

    Raises:
        ValueError: If the shapes do not fit together.
    """
    lab = rgb_to_lab(image)
    weight = mask_like(image, mask)[:, None].to(lab)
    # Zeroed rather than weighted: what lies outside the mask may be NaN.
    inside = lab.where(weight > 0, torch.zeros_like(lab))
    mean: Tensor = inside.sum((2, 3)) / weight.sum((2, 3))
    return mean


def mean_color_distance(
    image: Float[Tensor, "batch 3 height width"],
    reference: Float[Tensor, "batch 3 reference_height reference_width"],
    mask: Bool[Tensor, "batch height width"] | None = None,
    reference_mask: Bool[Tensor, "batch reference_height reference_width"] | None = None,
) -> Float[Tensor, " batch"]:
    r"""Distance :math:`\Delta E_{76}` of the mean colours of each pair, one number per pair.

    About 2.3 is just noticeable. Masks and empty masks as in :func:`mean_color`; the images of a
    pair may differ in size.

    Args:
        image: sRGB in :math:`[0, 1]`.
        reference: The images whose colours they should have.
        mask: Which pixels of ``image`` count.
        reference_mask: Which pixels of ``reference`` count.

    Raises:
        ValueError: If there are not as many images as references, or shapes do not fit together.

    Reference:
        CIE 15 (2004), the 1976 colour difference: the Euclidean distance in L*a*b*.
    """
    require_tensors("mean_color_distance", image, reference)
    colors, others = mean_color(image, mask), mean_color(reference, reference_mask)
    if len(image) != len(reference):  # One reference would be compared with every image.
        raise ValueError(
            "mean_color_distance expects as many images as references, "
            f"got {len(image)} and {len(reference)}."
        )
    distance: Tensor = torch.linalg.vector_norm(colors - others, dim=1)
    return distance


def nearer_to_own(
    colors: Float[Tensor, "batch 3"], references: Float[Tensor, "batch 3"]
) -> Bool[Tensor, " batch"]:
    r"""Is each result's colour nearer to its own reference than to the average of the others?

    .. math:: \|c_i - r_i\| < \Big\|c_i - \frac{1}{N - 1} \sum_{j \ne i} r_j\Big\|

    Args:
        colors: Mean L*a*b* colours of the results, see :func:`mean_color`.
        references: Those of their references, in the same order; at least two.

    Raises:
        ValueError: If there are fewer than two, for then there are no others, or they are no float
            numbers of those shapes.
    """
    require_tensors("nearer_to_own", colors, references)
    good = colors.ndim == 2 and colors.shape[1] == 3 and len(colors) >= 2
    if (
        not good
        or colors.shape != references.shape
        or not (is_float(colors) and is_float(references))
    ):
        raise ValueError(
            "nearer_to_own expects the colours of at least two results and their references, float "
            f"numbers of shape (n, 3), got {colors.dtype} of shape {tuple(colors.shape)} and "
            f"{references.dtype} of shape {tuple(references.shape)}."
        )
    others = (references.sum(0) - references) / (len(references) - 1)
    own, other = (torch.linalg.vector_norm(colors - x, dim=1) for x in (references, others))
    nearer: Tensor = own < other
    return nearer


def mask_like(image: Tensor, mask: Tensor | None) -> Bool[Tensor, "batch height width"]:
    """Return the mask, all true by default, after a look at its kind and shape."""
    shape = (len(image), *image.shape[-2:])
    if mask is None:
        return torch.ones(shape, dtype=torch.bool, device=image.device)
    require_tensors("A mask of these images", image, mask)
    if mask.shape != shape or mask.dtype != torch.bool:
        raise ValueError(
            f"A mask of these images must be a boolean tensor of shape {shape}, "
            f"got {mask.dtype} of shape {tuple(mask.shape)}."
        )
    return mask
