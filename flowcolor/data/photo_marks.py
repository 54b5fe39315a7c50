"""Which pixels of a photograph a user might mark: at random, in its regions, along its edges."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from flowcolor.color import to_gray

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

    Example:
        >>> int(random_marks(torch.rand(3, 100, 100), 0.5).sum()) // 1000
        4
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(photo.shape[-2:], generator=generator, device="cpu") < share


def region_marks(
    photo: Float[Tensor, "3 height width"], regions: int = 12
) -> Bool[Tensor, "height width"]:
    """Mark a spot in the middle of each region: where it is furthest from its border.

    Regions are those of SLIC (Achanta et al., 2012), of like colour and place.

    Args:
        photo: In [0, 1].
        regions: About how many.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import slic

    labels = slic(photo.movedim(0, -1).double().numpy(), n_segments=regions, start_label=0)
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
    """
    from scipy.ndimage import binary_dilation
    from skimage.filters import sobel

    slope = sobel(to_gray(photo)[0].double().numpy())
    edges = (slope > np.quantile(slope, _EDGES)) & (slope > 1e-6)
    near = binary_dilation(edges, np.ones((3, 3)), reach) & ~edges
    return torch.from_numpy(near)
