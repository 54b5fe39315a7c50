"""What all datasets of photographs share: items, the cache, and files turned into pixels."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, NotRequired, Protocol, TypedDict

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.utils.data import Dataset

from flowcolor.data.integer_resize import shrink, whole_factors
from flowcolor.data.sketches import GradientLines, SketchFilter
from flowcolor.errors import InputError
from flowcolor.io.images import center_square, read_bytes, read_sketch, resize, to_uint8

Background = Literal["keep", "white"]
Sketcher = Callable[[Tensor, tuple[int, int], Tensor | None], Tensor]


class Files(NamedTuple):
    """The files of one photograph; ``sketch`` and ``mask`` where there are ready ones."""

    name: str
    photo: Path
    sketch: Path | None = None
    mask: Path | None = None


class Rendered(NamedTuple):
    """A photograph as it is trained on: three images of one size, in [0, 1]."""

    photo: Float[Tensor, "3 size size"]
    sketch: Float[Tensor, "1 size size"]
    coverage: Float[Tensor, "1 size size"] | None


class Item(TypedDict):
    """One photograph and its drawing, in [0, 1]."""

    photo: Float[Tensor, "3 size size"]
    sketch: Float[Tensor, "3 size size"]
    index: int
    name: str
    reference: NotRequired[Float[Tensor, "3 size size"]]
    reference_sketch: NotRequired[Float[Tensor, "3 size size"]]
    reference_index: NotRequired[int]


class Portraits(Protocol):
    """A dataset of photographs with drawings that knows their names."""

    names: list[str]

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> Item: ...


class CachedPortraits(Dataset[Item], ABC):
    """Photographs and drawings as bytes, made on first use and kept in memory.

    Args:
        names: One name for each photograph.
        size: Side of the square images.
        cache: Keep what was made: 4 bytes per pixel, 0.26 MB per photograph at 256x256. Loader
            processes share what was there when they started.
    """

    def __init__(self, names: Sequence[str], size: int, cache: bool) -> None:
        if size < 1:
            raise InputError(f"The image size should be a positive number, got {size}.")
        self.names = list(names)
        self.size = size
        self._pixels: dict[int, Tensor] | None = {} if cache else None

    @abstractmethod
    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""

    def fill(self, indices: Sequence[int]) -> None:
        """Make these items now rather than on first use; nothing happens without a cache."""
        if self._pixels is not None:
            for index in indices:
                self._bytes(index)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Item:
        if not 0 <= index < len(self):
            raise IndexError(f"Expected an index below {len(self)}, got {index}.")
        pixels = self._bytes(index).float() / 255
        sketch = pixels[3:].expand(3, -1, -1).clone()
        return {"photo": pixels[:3], "sketch": sketch, "index": index, "name": self.names[index]}

    def _bytes(self, index: int) -> Tensor:
        """Round to bytes even without a cache, so that the cache does not change a pixel."""
        if self._pixels is not None and index in self._pixels:
            return self._pixels[index]
        pixels = to_uint8(torch.cat(self.make(index)))
        if self._pixels is not None:
            self._pixels[index] = pixels
        return pixels


class FilePortraits(CachedPortraits):
    """Photographs of files, cut square, each with its line drawing.

    Args:
        files: What lies on disk; nothing is opened before it is asked for.
        size: Side of the square images.
        sketch_filter: Draws photos without a ready drawing. ``None``: gradient lines.
        background: ``"white"`` whitens the photo, too, outside its mask.
        cache: Keep what was read in memory, as bytes.
    """

    def __init__(
        self,
        files: Sequence[Files],
        size: int,
        sketch_filter: Sketcher | None,
        background: Background,
        cache: bool,
    ) -> None:
        super().__init__([entry.name for entry in files], size, cache)
        self.files = list(files)
        self.sketch_filter = GradientLines() if sketch_filter is None else sketch_filter
        self.background: Background = background

    @abstractmethod
    def mask(self, index: int) -> Bool[Tensor, "height width"] | None:
        """Read what to draw of a photograph, at any size; ``None``: all of it."""

    def sources(self, index: int) -> dict[str, Path]:
        """Return all files that the pixels of a photograph are made of, by what they are."""
        _, photo, sketch, mask = self.files[index]
        files = {"photo": photo, "sketch": sketch, "mask": mask}
        return {kind: path for kind, path in files.items() if path is not None}

    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""
        rendered = self.render(index)
        return rendered.photo, rendered.sketch

    def render(self, index: int) -> Rendered:
        """Read, cut, draw and shrink one photograph.

        Raises:
            InputError: A file cannot be read, or a mask is empty.
        """
        _, photo_file, sketch_file, _ = self.files[index]
        photo = read_bytes(photo_file)
        frame = (photo.shape[1], photo.shape[2])
        target = (self.size, self.size)
        mask, coverage = self.mask(index), None
        if mask is not None:
            if not mask.any():
                raise InputError(f"The mask of {photo_file} is empty: nothing would be drawn.")
            mask = center_square(_to_frame(mask, frame))
            coverage = _coverage(mask, target)
        square = center_square(photo)
        if sketch_file is None:
            sketch = self._draw(square, mask)
        else:
            sketch = read_sketch(sketch_file)[:1]
            if sketch.shape[1] * frame[1] != sketch.shape[2] * frame[0]:
                sketch = resize(sketch, frame)
            sketch = resize(center_square(sketch), target)
        small = resize(square, target).contiguous().float() / 255
        if coverage is not None and self.background == "white":
            small = whiten(small, coverage)
        return Rendered(small, sketch, coverage)

    def _draw(self, photo: Tensor, mask: Tensor | None) -> Tensor:
        if type(self.sketch_filter).__call__ is not SketchFilter.__call__:
            photo = photo.contiguous().float() / 255  # Only that one is known to take bytes.
        sketch = self.sketch_filter(photo, (self.size, self.size), mask)
        if not isinstance(sketch, Tensor) or sketch.shape != (1, self.size, self.size):
            arrived = tuple(sketch.shape) if isinstance(sketch, Tensor) else type(sketch).__name__
            raise InputError(
                f"A sketch filter should return a drawing (1, {self.size}, {self.size}), got "
                f"{arrived} from {self.sketch_filter!r}."
            )
        return sketch


def _to_frame(mask: Tensor, frame: tuple[int, int]) -> Tensor:
    """Give a mask the size of its photograph."""
    if frame == (2 * mask.shape[0], 2 * mask.shape[1]):
        # Interpolated, nine sixteenths of a value are the nearest pixel's, which so decides alone.
        return mask.repeat_interleave(2, 1).repeat_interleave(2, 0)
    # Exactly half is outside, whichever way a machine rounds.
    return resize(mask[None].float(), frame)[0] > 0.5 + 1e-5


def _coverage(mask: Tensor, target: tuple[int, int]) -> Tensor:
    """Return (1, height, width): how much of each pixel of a smaller image a mask covers."""
    factors = whole_factors((mask.shape[0], mask.shape[1]), target)
    if factors is None:
        return resize(mask[None].float(), target)
    return shrink(mask, factors)[None].float()


def whiten(photo: Tensor, coverage: Tensor) -> Tensor:
    """Put a photo on white paper where its mask does not cover it."""
    return 1 - (1 - photo) * coverage
