"""What finders find: photographs that nobody has opened yet."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from flowcolor.data.datasets.left_out import LeftOut


class Opened(NamedTuple):
    """A photograph in its own size, cut square, and what belongs to it.

    Args:
        photo: Bytes, or numbers in [0, 1].
        sketch: The ready drawing, if there is one.
        drawn: What is drawn where there is none; ``None``: all of it.
        mask: Outside of it the photograph is whitened on demand, once it has its final size.
        coverage: As ``mask``, but in [0, 1] and used before the photograph is shrunk.
    """

    photo: UInt8[Tensor, "3 side side"] | Float[Tensor, "3 side side"]
    sketch: Float[Tensor, "1 side2 side2"] | None = None
    drawn: Bool[Tensor, "side side"] | None = None
    mask: Bool[Tensor, "side side"] | Float[Tensor, "side side"] | None = None
    coverage: Float[Tensor, "1 side side"] | None = None


@runtime_checkable
class Photograph(Protocol):
    """One photograph that can be opened."""

    def open(self) -> Opened:
        """Read what its pixels are made of.

        Raises:
            InputError: A file cannot be read, or a mask is empty.
        """

    def sources(self) -> dict[str, Path]:
        """Return all files that its pixels are made of, by what they are."""


class Finder(ABC):
    """Photographs that belong together, in their order; nothing is opened before it is asked for.

    A finder knows where photographs lie and what each of them lacks. How large they become, and
    what draws them, is up to :class:`~flowcolor.data.Portraits`, which takes any finder.

    Attributes:
        aligned: Whether its faces are known to lie as those of CelebA-HQ.
        knows_background: Whether it knows of any photograph what could be whitened.

    Args:
        names: One name for each photograph.
        left_out: What was there and cannot be used.
    """

    aligned: bool = False
    knows_background: bool = True

    def __init__(self, names: list[str], left_out: LeftOut | None = None) -> None:
        self.names = names
        self.left_out = LeftOut() if left_out is None else left_out

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Photograph]:
        return (self[index] for index in range(len(self)))

    @abstractmethod
    def __getitem__(self, index: int) -> Photograph: ...

    def require_size(self, size: int) -> None:  # noqa: B027 - most serve for every size
        """Refuse a size that the files are too small for.

        Raises:
            InputError: They are.
        """
