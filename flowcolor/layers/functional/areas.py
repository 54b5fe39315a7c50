r"""The mean over areas as a matrix, whose number of rows a program finds while it runs."""

from typing import Any

import torch
from torch import Tensor

from flowcolor.layers.reversible.torch_private import assume


def mean_over_areas(count: int, other: int, most: int, like: Tensor) -> Tensor:
    r"""Return the matrix :math:`P` of adaptive average pooling along one axis of an image.

    .. math::
        P_{ij} = \frac{1}{e_i - s_i} \ \text{for}\ s_i \le j < e_i, \qquad
        s_i = \lfloor i n / m \rfloor, \quad e_i = \lceil (i + 1) n / m \rceil, \qquad
        m = \min\bigl(n, t, \max(1, \lfloor\sqrt{t n / n'}\rfloor)\bigr)

    with :math:`n` pixels along this axis, :math:`n'` along the other and :math:`t` places in all.
    For :math:`n n' \le t` it is the identity.

    Args:
        count: :math:`n`.
        other: :math:`n'`.
        most: :math:`t`.
        like: A tensor of the type and on the device of the result.

    Shape:
        - result: :math:`(m, n)`.

    Example:
        >>> mean_over_areas(4, 1, 2, torch.zeros(()))
        tensor([[0.5000, 0.5000, 0.0000, 0.0000],
                [0.0000, 0.0000, 0.5000, 0.5000]])
    """
    # Tensors, not numbers: the root of a number would be that of the traced example for ever. The
    # root in float64 of a whole number below 2^52 has the right whole part.
    root = torch.scalar_tensor(most * count // other, dtype=torch.float64).sqrt().to(torch.int64)
    most_rows = torch.scalar_tensor(count, dtype=torch.int64)
    kept: Any = root.clamp(1, most).minimum(most_rows).item()
    assume(kept >= 1)
    assume(kept <= count)
    row = torch.arange(kept, device=like.device)[:, None]
    column = torch.arange(count, device=like.device)
    start, end = row * count // kept, ((row + 1) * count + kept - 1) // kept
    inside = ((column >= start) & (column < end)).to(like.dtype)
    matrix: Tensor = inside / (end - start).to(like.dtype)
    return matrix
