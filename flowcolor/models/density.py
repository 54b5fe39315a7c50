"""What a colorizer offers that knows how probable images are."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch
from torch import Tensor

from flowcolor.arguments import check_count, check_sides
from flowcolor.models.base import Image
from flowcolor.models.likelihood import Bits

_MOST_NUMBERS = 4 * 10**9  # 16 GB.


class ConditionalDensity(ABC):
    """Knows how probable a photograph is, given its content; for colorizers to derive from besides.

    Attributes:
        parts: What :meth:`bits` measures, by name.
    """

    parts: ClassVar[Sequence[str]]

    @abstractmethod
    def bits(
        self, content: Image, photo: Image, generator: torch.Generator | None = None
    ) -> Mapping[str, Bits]:
        """Return bits per dimension, of each part one number per sample.

        Args:
            content: Drawings or grey photographs, :math:`(B, 3, H, W)` in [0, 1].
            photo: Their photographs.
            generator: Source of the noise that makes bytes continuous.

        Raises:
            ValueError: An image cannot be used, or the photographs are of another shape.
        """

    def _check_pairs(self, content: Tensor, photo: Tensor) -> None:
        """Refuse photographs that are not of the shape of their contents."""
        if photo.shape != content.shape:
            raise ValueError(
                f"{type(self).__name__} expects a content and a photo of the same shape, got "
                f"{tuple(content.shape)} and {tuple(photo.shape)}."
            )


class Density(ConditionalDensity):
    """Knows how probable images are, whatever the content, and makes new ones."""

    @abstractmethod
    def sample(
        self,
        count: int,
        temperature: float = 1.0,
        size: int | tuple[int, int] = 64,
        generator: torch.Generator | None = None,
    ) -> Image:
        """Return images that nobody has seen, in [0, 1].

        Args:
            count: How many.
            temperature: Standard deviation of the noise; below 1 images are more usual ones.
            size: Their height and width, or both.
            generator: Source of the noise.

        Raises:
            ValueError: An argument is none of those above, or no machine could hold the images.
        """

    def _shape_of_samples(self, count: int, size: int | tuple[int, int]) -> tuple[int, ...]:
        """Return the shape of so many images, unless no machine could hold them."""
        check_count(self, count=count)
        sides: Any = (size, size) if isinstance(size, Integral) else size
        check_sides(self, sides)
        shape = (int(count), 3, *map(int, sides))
        if math.prod(shape) > _MOST_NUMBERS:
            raise ValueError(
                f"{type(self).__name__} expects count and size that give up to "
                f"{_MOST_NUMBERS / 1e9:.0f} billion numbers, got {count} and {size}."
            )
        return shape
