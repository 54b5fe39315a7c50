"""Folders of photographs, with ready sketches and masks or without."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NotRequired, Protocol, TypedDict

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from flowcolor.data.images import (
    center_square,
    list_images,
    read_image,
    read_mask,
    read_sketch,
    resize,
    to_uint8,
)
from flowcolor.data.sketches import GradientLines
from flowcolor.errors import InputError

Background = Literal["keep", "white"]
Folders = str | Path | Sequence[str | Path]
OptionalFolders = str | Path | Sequence[str | Path | None] | None
Sketcher = Callable[[Tensor, tuple[int, int], Tensor | None], Tensor]


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


class CachedPortraits(Dataset[Item]):
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

    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""
        raise NotImplementedError

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


class PhotoFolder(CachedPortraits):
    """The photographs of one folder or of several, cut square, each with its line drawing.

    Sketches and masks belong to the photo of the same stem. They show the same frame as the photo:
    where their size differs they are resized to it. Then the largest centred square is cut out of
    all three and resized.

    Args:
        root: A folder of photographs, or several. Names are file stems; with several folders they
            are ``folder/stem``.
        size: Side of the square images.
        sketches: Folder of ready drawings, one for each photo; a list with one entry (or ``None``)
            for each folder of photos. ``None``: drawings are made by ``sketch_filter``.
        masks: Folder of masks, as ``sketches``. What is drawn here stays white outside the mask;
            ready drawings are taken as they are. Without masks nothing is whitened.
        sketch_filter: Draws a photo: ``sketch_filter(photo, (height, width), mask)``.
        background: ``"white"`` whitens the photo, too, outside its mask.
        cache: Keep what was read in memory, as bytes.

    Raises:
        InputError: A folder is missing or empty, or photos lack their sketch or mask.
    """

    def __init__(
        self,
        root: Folders,
        size: int,
        sketches: OptionalFolders = None,
        masks: OptionalFolders = None,
        sketch_filter: Sketcher | None = None,
        background: Background = "keep",
        cache: bool = True,
    ) -> None:
        roots = [Path(folder) for folder in _as_list(root)]
        photos = [list_images(folder) for folder in roots]
        labels = [""] if isinstance(root, str | Path) else _labels(roots)
        names = [
            label + path.stem for label, paths in zip(labels, photos, strict=True) for path in paths
        ]
        super().__init__(names, size, cache)
        self.photos = [path for paths in photos for path in paths]
        self.sketches = _partners(photos, roots, sketches, "sketch")
        self.masks = _partners(photos, roots, masks, "mask")
        self.sketch_filter = GradientLines() if sketch_filter is None else sketch_filter
        self.background = background

    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""
        photo = read_image(self.photos[index])
        frame = (photo.shape[1], photo.shape[2])
        mask_file, sketch_file = self.masks[index], self.sketches[index]
        mask = None
        if mask_file is not None:
            mask = resize(read_mask(mask_file)[None].float(), frame)[0] > 0.5
            mask = center_square(mask)
        square = center_square(photo)
        target = (self.size, self.size)
        if sketch_file is None:
            sketch = self.sketch_filter(square, target, mask)
        else:
            sketch = read_sketch(sketch_file)[:1]
            if sketch.shape[1] * frame[1] != sketch.shape[2] * frame[0]:
                sketch = resize(sketch, frame)
            sketch = resize(center_square(sketch), target)
        return whiten(resize(square, target), mask, self.background), sketch


def whiten(photo: Tensor, mask: Tensor | None, background: Background) -> Tensor:
    """Put a photo on white paper outside its mask, if that is wanted and known."""
    if mask is None or background == "keep":
        return photo
    coverage = resize(mask[None].to(photo.dtype), (photo.shape[1], photo.shape[2]))
    return 1 - (1 - photo) * coverage


def _as_list(folders: Folders) -> list[str | Path]:
    listed: list[str | Path] = [folders] if isinstance(folders, str | Path) else list(folders)
    if not listed:
        raise InputError("At least one folder of photographs is needed, got an empty list.")
    return listed


def _labels(roots: list[Path]) -> list[str]:
    """Prefix names with as many parts of the folder's path as it takes to tell folders apart."""
    parts = [folder.resolve().parts for folder in roots]
    for depth in range(1, max(map(len, parts)) + 1):
        labels = ["/".join(part[-depth:]) + "/" for part in parts]
        if len(set(labels)) == len(labels):
            return labels
    raise InputError(f"The same folder is listed twice: {', '.join(map(str, roots))}.")


def _partners(
    photos: list[list[Path]], roots: list[Path], folders: OptionalFolders, kind: str
) -> list[Path | None]:
    """Find the sketch or mask of each photo by its stem."""
    if folders is None:
        return [None for paths in photos for _ in paths]
    listed = [folders] if isinstance(folders, str | Path) else list(folders)
    if len(listed) != len(roots):
        raise InputError(
            f"Expected one folder (or null) of {kind} images for each of {len(roots)} folders of "
            f"photographs, got {len(listed)}."
        )
    found: list[Path | None] = []
    for paths, folder in zip(photos, listed, strict=True):
        if folder is None:
            found.extend(None for _ in paths)
            continue
        by_stem = {path.stem: path for path in list_images(folder)}
        missing = [path.name for path in paths if path.stem not in by_stem]
        if missing:
            more = ", ..." if len(missing) > 10 else ""
            raise InputError(
                f"{folder} lacks the {kind} of {len(missing)} of {len(paths)} photographs: "
                f"{', '.join(missing[:10])}{more}."
            )
        found.extend(by_stem[path.stem] for path in paths)
    return found
