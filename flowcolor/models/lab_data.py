"""What a flow of colours sees of an image: its L*a*b*, or of that its chroma, coarser."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

Data = Literal["chroma", "color"]

# Of L, a and b over the photographs of the published training.
_MEAN = (47.5, 2.4, 7.4)
_DEVIATION = (25.6, 11.2, 16.8)


class LabData:
    """Bring L*a*b* to a mean of about 0 and a deviation of about 1, and back.

    Args:
        data: ``"chroma"`` for a and b, ``"color"`` for all three.
        shrink: Side of the patches whose means are taken.
    """

    def __init__(self, data: Data, shrink: int) -> None:
        self.start = 1 if data == "chroma" else 0
        self.channels = 3 - self.start
        self.shrink = shrink

    def read(self, lab: Tensor) -> Tensor:
        """Return what the flow sees."""
        mean, deviation = self._units(lab)
        return avg_pool2d((lab[:, self.start :] - mean) / deviation, self.shrink)

    def write(self, data: Tensor) -> Tensor:
        """Return L*a*b* of the finer size, with a lightness of 0 where the flow has none."""
        mean, deviation = self._units(data)
        lab = data * deviation + mean
        if self.shrink > 1:
            lab = interpolate(lab, scale_factor=float(self.shrink), mode="bilinear")
        return torch.cat([torch.zeros_like(lab[:, : self.start]), lab], 1)

    def _units(self, like: Tensor) -> list[Tensor]:
        values = (_MEAN[self.start :], _DEVIATION[self.start :])
        return [like.new_tensor(value)[:, None, None] for value in values]


def lightness(lab: Tensor) -> Tensor:
    """Return the lightness of L*a*b* in a mean of about 0 and a deviation of about 1."""
    return (lab[:, :1] - _MEAN[0]) / _DEVIATION[0]
