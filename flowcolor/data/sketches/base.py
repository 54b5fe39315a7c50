"""What a sketch filter is: a photograph in, a line drawing on white paper out."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from flowcolor.data.images import resize

if TYPE_CHECKING:
    import numpy as np

WORK_SIDE = 512  # Pixels of the shorter side at which lines are found, so that they scale with it.

_RED, _GREEN, _BLUE = 4899, 9617, 1868  # Luma of Rec. 601 in parts of 2^14.
_ROWS = 64  # As many as a core's cache holds.


class SketchFilter(ABC):
    """Draw a photograph as dark lines on white paper.

    A filter finds its lines at one fixed size and shrinks the drawing afterwards, so that the same
    photograph gives the same lines at every target size. Subclasses implement :meth:`draw`; any
    other callable with the signature of ``__call__`` serves as well.
    """

    def __call__(
        self,
        photo: Float[Tensor, "3 height width"],
        size: tuple[int, int],
        mask: Bool[Tensor, "height width"] | None = None,
    ) -> Float[Tensor, "1 height2 width2"]:
        """Draw a photograph at another size.

        Args:
            photo: RGB in [0, 1].
            size: Height and width of the drawing.
            mask: What to draw, at the size of the photo. Paper stays white where no pixel of the
                mask falls; ``None`` draws everything.

        Returns:
            The drawing in [0, 1], paper is 1.
        """
        if photo.ndim != 3 or photo.shape[0] != 3:
            raise ValueError(
                f"{type(self).__name__} expects a photo (3, H, W), got {tuple(photo.shape)}."
            )
        if mask is not None and mask.shape != photo.shape[1:]:
            raise ValueError(
                f"{type(self).__name__} expects a mask of the photo's size "
                f"{tuple(photo.shape[1:])}, got {tuple(mask.shape)}."
            )
        lines = torch.from_numpy(self.draw(_gray(photo, _work_size(size)).numpy())).float()
        drawing = _fit(lines[None], size)
        if mask is not None:
            coverage = _fit(mask[None].to(drawing.dtype), size)
            drawing = 1 - (1 - drawing) * coverage
        return drawing.clamp(0, 1)

    @abstractmethod
    def draw(self, gray: "np.ndarray") -> "np.ndarray":
        """Map a grey image to a drawing of the same size, both float64 in [0, 1]."""


def _gray(photo: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the grey of a photograph of bytes at another size, float64 in [0, 1].

    It is the same on every machine, or some would find lines that others do not: the sum of bytes
    with whole weights is exact, and shrinking in float64 leaves rounding far below one of 2^16.
    """
    total = photo.new_empty(photo.shape[1:], dtype=torch.float64)
    for top in range(0, photo.shape[1], _ROWS):
        red, green, blue = photo[:, top : top + _ROWS].float().mul(255).round_()
        red.mul_(_RED).add_(green, alpha=_GREEN).add_(blue, alpha=_BLUE)
        total[top : top + _ROWS] = red
    return resize(total[None], size)[0] / (255 * (_RED + _GREEN + _BLUE))


def _work_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = WORK_SIDE / min(size)
    return round(size[0] * scale), round(size[1] * scale)


def _fit(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Average areas when shrinking, interpolate when enlarging."""
    if size[0] <= image.shape[-2]:
        return functional.interpolate(image[None], size, mode="area")[0]
    return resize(image, size)
