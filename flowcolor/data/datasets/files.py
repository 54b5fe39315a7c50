"""A photograph as a file, with its drawing and its mask as files beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from jaxtyping import Bool
from torch import Tensor

from flowcolor.color import to_gray
from flowcolor.data.datasets.finder import Opened
from flowcolor.errors import InputError
from flowcolor.io.images import read_bytes, read_image, read_mask, read_sketch
from flowcolor.io.picture_size import are_turned
from flowcolor.io.resizing import center_square, resize


@runtime_checkable
class Mask(Protocol):
    """Files that say what to draw of a photograph."""

    def read(self) -> Bool[Tensor, "height width"]:
        """Read the mask, at any size."""

    def sources(self) -> dict[str, Path]:
        """Return the files by what they are."""


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask in one file."""

    path: Path

    def read(self) -> Bool[Tensor, "height width"]:
        """Read the mask, at any size."""
        return read_mask(self.path)

    def sources(self) -> dict[str, Path]:
        """Return the file."""
        return {"mask": self.path}


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one photograph; ``sketch`` and ``mask`` where there are ready ones.

    They show the same frame: where their size differs they are resized to that of the photograph.
    Then the largest centred square is cut out of all of them.
    """

    photo: Path
    sketch: Path | None = None
    mask: Mask | None = None

    def sources(self) -> dict[str, Path]:
        """Return all files that its pixels are made of, by what they are."""
        files = {"photo": self.photo} | ({} if self.sketch is None else {"sketch": self.sketch})
        return files if self.mask is None else files | self.mask.sources()

    def open(self) -> Opened:
        """Read and cut the files.

        Raises:
            InputError: A file cannot be read, the mask is empty, or mask or drawing are turned.
        """
        photo = read_bytes(self.photo)
        frame = (photo.shape[1], photo.shape[2])
        mask = None
        if self.mask is not None:
            mask = self.mask.read()
            self._require_upright("mask", mask, frame)
            if not mask.any():
                raise InputError(
                    f"The mask of {self.photo} is empty: nothing would be drawn{_faint(self.mask)}."
                )
            mask = center_square(_to_frame(mask, frame))
        sketch = None
        if self.sketch is not None:
            sketch = read_sketch(self.sketch)[:1]
            self._require_upright("drawing", sketch, frame)
            if sketch.shape[1] * frame[1] != sketch.shape[2] * frame[0]:
                sketch = resize(sketch, frame)
            sketch = center_square(sketch)
        return Opened(center_square(photo), sketch, drawn=mask, mask=mask)

    def _require_upright(self, what: str, image: Tensor, frame: tuple[int, int]) -> None:
        """Refuse a wide image of a tall photograph, or the reverse: their frames differ.

        Programs that pass over a camera's rotation make such ones.
        """
        (height, width), (tall, wide) = image.shape[-2:], frame
        if are_turned((height, width), frame):
            raise InputError(
                f"The {what} of {self.photo} is turned: expected the frame of {wide}x{tall}, got "
                f"{width}x{height}."
            )


def _faint(mask: Mask) -> str:
    """Say what a mask holds that is not black, but too dark to count: often values of 0 and 1."""
    if not isinstance(mask, MaskFile):
        return ""
    largest = 255 * float(to_gray(read_image(mask.path)).max())
    return f", its largest value is {largest:.3g}, expected above 127 of 255" if largest else ""


def _to_frame(mask: Tensor, frame: tuple[int, int]) -> Tensor:
    """Give a mask the size of its photograph."""
    if frame == (2 * mask.shape[0], 2 * mask.shape[1]):
        # Interpolated, nine sixteenths of a value are the nearest pixel's, which so decides alone.
        return mask.repeat_interleave(2, 1).repeat_interleave(2, 0)
    # Exactly half is outside, whichever way a machine rounds.
    return resize(mask[None].float(), frame)[0] > 0.5 + 1e-5
