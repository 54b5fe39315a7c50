"""Has each part of the picture the colour that this part has in the reference?"""

from collections.abc import Mapping, Sequence
from numbers import Integral

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from flowcolor.arguments import check_numbers_by_name
from flowcolor.bounds import is_number, shown_value
from flowcolor.metrics.mean_color import mean_color_distance
from flowcolor.values import require_colors, require_tensors

#: Regions of maps with 0 background, 1 person (hair, neck, clothes), 2 face, 3 brows, 4 eyes,
#: 5 lips.
FACE_REGIONS: Mapping[str, tuple[int, ...]] = {
    "skin": (2,),
    "lips": (5,),
    "hair_clothes": (1,),
    "background": (0,),
}
#: The same regions of the 19 classes of CelebAMask-HQ, see :func:`~flowcolor.data.merge_parts`:
#: skin with nose, ears and neck; hair with hat and clothes.
CELEBA_REGIONS: Mapping[str, tuple[int, ...]] = {
    "skin": (1, 2, 8, 9, 17),
    "lips": (11, 12),
    "hair_clothes": (13, 14, 18),
    "background": (0,),
}
LEAST = 5  # Pixels; the mean of fewer is the colour of single pixels.


def region_color_distance(
    image: Float[Tensor, "batch 3 height width"],
    reference: Float[Tensor, "batch 3 reference_height reference_width"],
    labels: Integer[Tensor, "batch height width"],
    reference_labels: Integer[Tensor, "batch reference_height reference_width"],
    regions: Mapping[str, Sequence[int]] = FACE_REGIONS,
    least: int = LEAST,
) -> dict[str, Float[Tensor, " batch"]]:
    r"""Distance :math:`\Delta E_{76}` of the mean colours of each region, one number per pair.

    .. math:: d_r = \| \bar c_r - \bar c'_r \|, \qquad
              \bar c_r = \frac{1}{|R_r|} \sum_{p \in R_r} c(p)

    :math:`c` and :math:`c'` are the L*a*b* colours of image and reference, :math:`R_r` the pixels
    whose label belongs to region :math:`r`. In units of L*a*b*, from 0; about 2.3 is just
    noticeable. Images of a pair may differ in size.

    Args:
        image: sRGB in :math:`[0, 1]`.
        reference: The images whose colours it should have, region by region.
        labels: What each pixel of ``image`` shows, as a number.
        reference_labels: The same of ``reference``.
        regions: The numbers of each region, by its name. Numbers in no region count nowhere.
        least: A region counts where both images have so many pixels of it; elsewhere its distance
            is NaN, not 0: what is not there has no colour.

    Returns:
        The distances by region, :math:`(B,)` each.

    Raises:
        ValueError: If the shapes do not fit together, labels are no integers, images have values
            far outside [0, 1], or ``least`` is no positive number.

    Reference:
        CIE 15 (2004), the 1976 colour difference.

    Example:
        >>> image, labels = torch.rand(2, 3, 8, 8), torch.full((2, 8, 8), 2)
        >>> found = region_color_distance(image, image, labels, labels)
        >>> found["skin"], found["lips"]
        (tensor([0., 0.]), tensor([nan, nan]))
    """
    named = "region_color_distance"
    require_tensors(named, image, reference, labels, reference_labels)
    _check(image, labels, least)
    _check(reference, reference_labels, least)
    check_numbers_by_name(region_color_distance, regions=regions)
    require_colors(named, image, reference)
    found = {}
    for name, numbers in regions.items():
        mask, reference_mask = (
            # Whole numbers of any size: a region's may not fit into bytes.
            torch.isin(x.long(), torch.tensor(list(numbers), device=x.device))
            for x in (labels, reference_labels)
        )
        distance = mean_color_distance(image, reference, mask, reference_mask)
        enough = [m.flatten(1).sum(1) >= least for m in (mask, reference_mask)]
        missing = torch.full_like(distance, torch.nan)
        found[name] = torch.where(enough[0] & enough[1], distance, missing)
    return found


def _check(image: Tensor, labels: Tensor, least: int) -> None:
    if not isinstance(least, Integral) or not is_number(least) or least < 1:
        got = shown_value(least)
        raise ValueError(f"region_color_distance expects `least` to be at least 1, got {got}.")
    if image.ndim != 4:
        raise ValueError(
            "region_color_distance expects images of shape (batch, 3, height, width), got "
            f"{tuple(image.shape)}."
        )
    shape = (len(image), *image.shape[-2:])
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if labels.shape != shape or not whole:
        raise ValueError(
            f"region_color_distance expects integer labels of shape {shape}, got {labels.dtype} "
            f"of shape {tuple(labels.shape)}."
        )
