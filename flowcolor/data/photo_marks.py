"""Which pixels of a photograph a user might mark: at random, in its regions, along its edges."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from flowcolor.arguments import check_count, check_number, check_whole_number
from flowcolor.color import to_gray
from flowcolor.values import require_colors

_SPOT = 64  # A mark of a region reaches so small a part of the shorter side around its place.
_EDGES = 0.9  # Less of the pixels have a gradient that is called an edge.


def random_marks(
    photo: Float[Tensor, "3 height width"], share: float = 0.05, seed: int = 0
) -> Bool[Tensor, "height width"]:
    """Mark each pixel by chance.

    Args:
        photo: The photograph; only its size counts.
        share: How likely each is.
        seed: Of the chance.

    Raises:
        ValueError: It is no photograph, the share not from 0 to 1, or the seed no whole number.

    Example:
        >>> int(random_marks(torch.rand(3, 100, 100), 0.5).sum()) // 1000
        4
    """
    _check_photo("random_marks", photo)
    check_number(random_marks, smallest=0.0, share=share)
    if share > 1:
        raise ValueError(f"random_marks expects share to be at most 1, got {share!r}.")
    check_whole_number(random_marks, seed=seed)
    generator = torch.Generator().manual_seed(int(seed))
    return torch.rand(photo.shape[-2:], generator=generator, device="cpu") < share


def region_marks(
    photo: Float[Tensor, "3 height width"], regions: int = 12
) -> Bool[Tensor, "height width"]:
    """Mark a spot in the middle of each region: where it is furthest from its border.

    Regions are those of SLIC (Achanta et al., 2012), of like colour and place.

    Args:
        photo: In [0, 1].
        regions: About how many.

    Raises:
        ValueError: It is no photograph in [0, 1], or the number no whole one of at least 1.
    """
    _check_finite("region_marks", photo)
    check_count(region_marks, regions=regions)
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import slic

    labels = slic(photo.detach().movedim(0, -1).double().numpy(), n_segments=regions, start_label=0)
    reach = max(1, round(min(labels.shape) / _SPOT))
    marks = torch.zeros(labels.shape, dtype=torch.bool, device=photo.device)
    for label in range(int(labels.max()) + 1):
        # Beyond the picture is another region, too: no spot hangs over the rim.
        depth = distance_transform_edt(np.pad(labels == label, 1))[1:-1, 1:-1]
        top, left = np.unravel_index(int(depth.argmax()), depth.shape)
        marks[max(0, top - reach) : top + reach + 1, max(0, left - reach) : left + reach + 1] = True
    return marks


def edge_marks(
    photo: Float[Tensor, "3 height width"], reach: int = 2
) -> Bool[Tensor, "height width"]:
    """Mark what lies beside edges of the luma, on both sides and not on them.

    Args:
        photo: In [0, 1].
        reach: How many pixels beside.

    Raises:
        ValueError: It is no photograph in [0, 1], or the reach no whole number of at least 1.
    """
    _check_finite("edge_marks", photo)
    check_count(edge_marks, reach=reach)
    from scipy.ndimage import binary_dilation
    from skimage.filters import sobel

    slope = sobel(to_gray(photo.detach())[0].double().numpy())
    edges = (slope > np.quantile(slope, _EDGES)) & (slope > 1e-6)
    near = binary_dilation(edges, np.ones((3, 3)), reach) & ~edges
    return torch.from_numpy(near)


def _check_finite(name: str, photo: Tensor) -> None:
    _check_photo(name, photo)
    if not bool(photo.isfinite().all()):
        raise ValueError(f"{name} expects finite values, got NaN or infinity.")


def _check_photo(name: str, photo: Tensor) -> None:
    require_colors(name, photo)
    if photo.ndim != 3 or photo.shape[0] != 3 or 0 in photo.shape:
        raise ValueError(
            f"{name} expects a photograph of shape (3, height, width), got {tuple(photo.shape)}."
        )
