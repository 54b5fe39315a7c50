"""How much of a result lies outside of what a screen can show?"""

import torch
from jaxtyping import Float
from torch import Tensor

from flowcolor.values import is_float, require_tensors

_VISIBLE = 0.5 / 255  # Half a level: less is rounded away when a file is written.


def gamut_share(
    result: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, " batch"]:
    """Share of the pixels of each image that clamping to [0, 1] changes visibly.

    A pixel counts if a channel is more than half of one of 256 levels below 0 or above 1; one that
    is not finite counts, too. The images must not have been clamped: files cannot tell.

    Args:
        result: What a colorizer returned, of any range.

    Raises:
        ValueError: If ``result`` is not a float image of shape (batch, 3, height, width).

    Example:
        >>> image = torch.full((1, 3, 2, 2), 0.5)
        >>> image[0, 2, 0, 1] = 1.1
        >>> gamut_share(image)
        tensor([0.2500])
    """
    require_tensors("gamut_share", result)
    if result.ndim != 4 or result.shape[1] != 3 or not is_float(result):
        raise ValueError(
            "gamut_share expects float images of shape (batch, 3, height, width), got "
            f"{result.dtype} of shape {tuple(result.shape)}."
        )
    # Written so that NaN, for which every comparison is false, is outside.
    inside = ((result >= -_VISIBLE) & (result <= 1 + _VISIBLE)).all(1)
    share: Tensor = (~inside).to(torch.float32).mean((1, 2))
    return share
