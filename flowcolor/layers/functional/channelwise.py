r"""One scale and one shift for each channel, in one pass over the data.

Written as :math:`(x - \mu) \odot s` with broadcasting it takes two passes and stores what lies
between. ``batch_norm`` with given statistics is the public operator whose one kernel does both.
"""

import torch
from torch import Tensor
from torch.nn.functional import batch_norm


def center_then_scale(x: Tensor, center: Tensor, scale: Tensor) -> Tensor:
    """Return ``(x - center) * scale``."""
    # The operator takes its mean for a constant. So the center goes in as one, and once more in a
    # shift that is zero: without the shift, the center would get no gradient.
    fixed = center.detach()
    return _batch_norm(x, fixed, scale, (fixed - center) * scale)


def scale_then_shift(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return ``x * scale + shift``."""
    return _batch_norm(x, torch.zeros_like(shift), scale, shift)


def _batch_norm(x: Tensor, mean: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return batch_norm(x, mean, torch.ones_like(mean), weight, bias, training=False, eps=0.0)
