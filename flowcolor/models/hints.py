"""Colours that a user gives at points of the content."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from flowcolor.arguments import check_picture, plain_numbers
from flowcolor.bounds import shown_value
from flowcolor.layers.reversible.torch_private import can_look
from flowcolor.models.boxes import check_boxes_of_all, crop_boxes, resize_boxes
from flowcolor.values import require_fractions, require_real, require_tensors, widen


@dataclass(frozen=True)
class Hints:
    """Colours at given points, and optionally boxes around the objects of a picture.

    Args:
        colors: :math:`(B, 3, H, W)`, RGB in [0, 1]; read where ``mask`` is above 0 only.
        mask: :math:`(B, 1, H, W)` in [0, 1], 1 where a colour is given.
        boxes: For each sample its boxes :math:`(N, 4)` in pixels: left, top, right, bottom. Only
            methods whose ``boxes`` say so look at them.

    Raises:
        ValueError: Shapes do not belong together, values are not finite or outside [0, 1], or a box
            is empty or reaches out of the picture; or colours are no float numbers.

    Example:
        >>> mask = torch.zeros(1, 1, 8, 8)
        >>> mask[..., 2, 3] = 1
        >>> Hints(torch.full((1, 3, 8, 8), 0.5), mask).to("cpu").mask.sum()
        tensor(1.)
    """

    colors: Float[Tensor, "batch 3 height width"]
    mask: Float[Tensor, "batch 1 height width"]
    boxes: Sequence[Tensor] | None = None

    def __post_init__(self) -> None:
        require_tensors("Hints", self.colors, self.mask)
        require_fractions("Hints", self.colors)
        require_real("Hints", self.mask)
        batch = self.colors.shape[0] if self.colors.ndim else 0
        sides = self.colors.shape[2:]
        images = self.colors.ndim == 4 and self.colors.shape[1] == 3
        if not images or self.mask.shape != (batch, 1, *sides):
            raise ValueError(
                "Hints expects colors of shape (batch, 3, height, width) and a mask of shape "
                "(batch, 1, height, width), got "
                f"{tuple(self.colors.shape)} and {tuple(self.mask.shape)}."
            )
        for name, values in (("mask", self.mask), ("colors", self.colors.where(self.mask > 0, 0))):
            # Written so that NaN, for which every comparison is false, is refused, too.
            if can_look(values) and not bool(((values >= 0) & (values <= 1)).all()):
                raise ValueError(f"Hints expects {name} to have values in [0, 1], got others.")
        if self.boxes is not None:
            check_boxes_of_all(self, self.boxes, self.colors)

    def to(self, target: torch.device | torch.dtype | str) -> "Hints":
        """Return the same hints on a device, or as another type of float numbers.

        Raises:
            ValueError: It is neither.
        """
        if not isinstance(target, torch.device | torch.dtype | str) or not _holds_shares(target):
            raise ValueError(
                f"Hints expects a device or a type of float numbers, got {shown_value(target)}."
            )
        boxes = None if self.boxes is None else [box.to(target) for box in self.boxes]
        return Hints(self.colors.to(target), self.mask.to(target), boxes)

    @plain_numbers
    def resized(self, height: int, width: int) -> "Hints":
        """Return the hints of the same picture at another size; none is lost.

        Where several hints meet in one pixel, it gets their mean colour.

        Raises:
            ValueError: A side is no whole number of at least 1, or no machine holds the picture.
        """
        check_picture(self, height, width)
        own = self.mask.shape[-2:]
        if own == (height, width):
            return self
        given = (self.mask > 0).to(self.colors)
        both = widen(torch.cat([self.colors.where(given > 0, 0), given], 1))
        both = functional.interpolate(both, (height, width), mode="bilinear", antialias=True)
        colors, share = both[:, :3], both[:, 3:]
        # What is left of a pixel's weight by rounding alone is no hint, but any part of a dot is.
        marked = share > 1e-6
        colors = (colors / share.clamp(min=1e-6)).clamp(0, 1)
        old = (own[0], own[1])
        boxes = None if self.boxes is None else resize_boxes(self.boxes, old, (height, width))
        return Hints(colors.to(given), marked.to(given), boxes)

    @plain_numbers
    def cropped(self, top: int, left: int, bottom: int, right: int) -> "Hints":
        """Return the hints of a part of the picture, boxes cut to it.

        Raises:
            ValueError: It is no part of the picture.
        """
        height, width = self.mask.shape[-2:]
        sides = (top, bottom, height), (left, right, width)
        whole = all(isinstance(side, Integral) for side in (top, left, bottom, right))
        if not whole or not all(0 <= start < end <= side for start, end, side in sides):
            got = "{}, {}, {} and {}".format(*map(shown_value, (top, left, bottom, right)))
            raise ValueError(
                "Hints expects a part, top, left, bottom and right, of a picture of "
                f"{width}x{height}, got {got}."
            )
        part = (..., slice(top, bottom), slice(left, right))
        boxes = None if self.boxes is None else crop_boxes(self.boxes, top, left, bottom, right)
        return Hints(self.colors[part], self.mask[part], boxes)

    @plain_numbers
    def padded(self, height: int, width: int) -> "Hints":
        """Return the hints of a picture that was extended to the right and to the bottom.

        Raises:
            ValueError: A side is no whole number, smaller than it was, or no machine holds the
                picture.
        """
        check_picture(self, height, width)
        if height < self.mask.shape[-2] or width < self.mask.shape[-1]:
            own = f"{self.mask.shape[-1]}x{self.mask.shape[-2]}"
            raise ValueError(f"Hints expects sides of at least {own}, got {width}x{height}.")
        margin = (0, width - self.mask.shape[-1], 0, height - self.mask.shape[-2])
        colors, mask = (functional.pad(x, margin) for x in (self.colors, self.mask))
        return Hints(colors, mask, self.boxes)


def _holds_shares(target: torch.device | torch.dtype | str) -> bool:
    """Tell whether numbers between 0 and 1 can be kept there."""
    if isinstance(target, torch.dtype):
        return target.is_floating_point
    try:
        torch.device(target)
    except RuntimeError:  # An unknown word.
        return False
    return True
