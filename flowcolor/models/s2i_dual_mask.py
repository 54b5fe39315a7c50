"""Two ways at once in which a map marks features."""

import torch
from torch import Tensor, nn


class DualMask(nn.Module):
    r"""Inject a map twice, as what it marks and as what it leaves out.

    .. math:: y = (a f m + b) + \big(c f (1 - m) + d\big)

    with learned numbers of each channel that begin at 1.01, 0.01, 0.99 and -0.01.

    Reference:
        Liu et al., "Self-supervised sketch-to-image synthesis" (2021), section 3.3.
        https://arxiv.org/abs/2012.09290
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        start = torch.tensor([1.01, 0.01, 0.99, -0.01])
        # Four axes and not five, with which no module can be laid out by channels.
        self.numbers = nn.Parameter(start.view(4, 1, 1, 1).repeat(1, channels, 1, 1))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Return the features, changed by a map of their shape."""
        a, b, c, d = self.numbers
        injected: Tensor = (a * features * mask + b) + (c * features * (1 - mask) + d)
        return injected
