"""Colours as people see them: CIE 1976 L*a*b*."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from flowcolor.values import require_colors

# sRGB's primaries and the white point D65 (IEC 61966-2-1), to the digits that scikit-image uses.
_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)


def rgb_to_lab(
    image: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    r"""Convert sRGB images to CIE L*a*b* under D65.

    Linear light is weighted to :math:`(X, Y, Z)`, divided by the white point and compressed,

    .. math:: f(t) = \begin{cases} \sqrt[3]{t} & t > 0.008856 \\ 7.787\,t + 16/116 &
              \text{otherwise,} \end{cases} \qquad
              L = 116 f(Y) - 16, \quad a = 500 (f(X) - f(Y)), \quad b = 200 (f(Y) - f(Z)).

    Args:
        image: Values are clamped to :math:`[0, 1]` first; NaN stays NaN.

    Returns:
        L in :math:`[0, 100]`, a and b in about :math:`[-108, 99]`, float32 or wider.

    Raises:
        ValueError: If ``image`` is not a float image of shape (batch, 3, height, width), or has
            values far outside [0, 1].

    Reference:
        IEC 61966-2-1 (1999); CIE 15 (2004). The same numbers as ``skimage.color.rgb2lab``.

    Example:
        >>> rgb_to_lab(torch.rand(2, 3, 4, 4)).shape
        torch.Size([2, 3, 4, 4])
    """
    if image.ndim != 4 or image.shape[1] != 3:
        raise ValueError(
            "rgb_to_lab expects images of shape (batch, 3, height, width), "
            f"got {tuple(image.shape)}."
        )
    require_colors("rgb_to_lab", image)
    rgb = image.to(torch.promote_types(image.dtype, torch.float32)).clamp(0, 1)
    linear = torch.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    white = rgb.new_tensor(_WHITE).view(3, 1)
    # A sum of products rather than a matrix product, which autocast and TF32 would round.
    weights = (rgb.new_tensor(_TO_XYZ) / white)[None, :, :, None, None]
    xyz = (weights * linear[:, None]).sum(2)
    x, y, z = torch.where(xyz > 0.008856, xyz.pow(1 / 3), 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


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
    weight = _mask_like(image, mask)[:, None].to(lab)
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

    Reference:
        CIE 15 (2004), the 1976 colour difference: the Euclidean distance in L*a*b*.
    """
    difference = mean_color(image, mask) - mean_color(reference, reference_mask)
    distance: Tensor = torch.linalg.vector_norm(difference, dim=1)
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
        ValueError: If there are fewer than two, for then there are no others.
    """
    if colors.shape != references.shape or len(colors) < 2:
        raise ValueError(
            "nearer_to_own expects the colours of at least two results and their references, "
            f"got {tuple(colors.shape)} and {tuple(references.shape)}."
        )
    others = (references.sum(0) - references) / (len(references) - 1)
    own, other = (torch.linalg.vector_norm(colors - x, dim=1) for x in (references, others))
    nearer: Tensor = own < other
    return nearer


def _mask_like(image: Tensor, mask: Tensor | None) -> Bool[Tensor, "batch height width"]:
    """Return the mask, all true by default, after a look at its kind and shape."""
    shape = (len(image), *image.shape[-2:])
    if mask is None:
        return torch.ones(shape, dtype=torch.bool, device=image.device)
    if mask.shape != shape or mask.dtype != torch.bool:
        raise ValueError(
            f"A mask of these images must be a boolean tensor of shape {shape}, "
            f"got {mask.dtype} of shape {tuple(mask.shape)}."
        )
    return mask
