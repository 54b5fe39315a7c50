"""Label maps of photographs: what each pixel shows, as a number."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import ImageOps
from torch import Tensor

from flowcolor.data.batch import Batch
from flowcolor.data.datasets.celeba_labels import resize_nearest
from flowcolor.data.datasets.folder import (
    Partners,
    Roots,
    as_list,
    label_folders,
    one_for_each,
)
from flowcolor.data.datasets.subsets import Subset
from flowcolor.errors import InputError, first_ten
from flowcolor.io.images import UNREADABLE, reason_of
from flowcolor.io.listing import by_stem, list_images, one_form
from flowcolor.io.lossy import may_have_changed
from flowcolor.io.opened import opened
from flowcolor.io.picture_size import picture_size
from flowcolor.io.resizing import center_square
from flowcolor.io.streams import require_no_pipe


def read_labels(path: str | Path) -> UInt8[Tensor, "height width"]:
    """Read a label map: the grey values of a file, or the numbers of a palette.

    Three equal channels are taken for grey, transparency does not count.

    Raises:
        InputError: The file cannot be read, has colours or numbers above 255, or is a JPEG or of
            another format that changes numbers.
    """
    require_no_pipe(Path(path))
    try:
        with opened(path) as picture:
            kind, changed = picture.format, may_have_changed(picture, Path(path))
            ImageOps.exif_transpose(picture, in_place=True)
            pixels = np.asarray(picture.convert("L") if picture.mode == "1" else picture)
    except UNREADABLE as error:
        raise InputError(f"{path} cannot be read as a label map: {reason_of(error)}.") from error
    if changed:
        raise InputError(
            f"{path} expects a label map without loss, as PNG, got a {kind}, which may change "
            "numbers."
        )
    if pixels.ndim == 3:
        colors = pixels[..., :1] if pixels.shape[2] <= 2 else pixels[..., :3]
        if (colors != colors[..., :1]).any():
            raise InputError(f"{path} expects a label map, one number for each pixel, got colours.")
        pixels = colors[..., 0]
    if (
        not (pixels.dtype == bool or np.issubdtype(pixels.dtype, np.integer))
        or pixels.min() < 0
        or pixels.max() > 255
    ):
        raise InputError(f"{path} expects a label map of numbers from 0 to 255, got others.")
    return torch.from_numpy(pixels.astype(np.uint8))


def square_labels(labels: UInt8[Tensor, "height width"], size: int) -> UInt8[Tensor, "size size"]:
    """Cut the largest centred square and resize it, each pixel to its nearest."""
    return resize_nearest(center_square(labels), (size, size))


class LabelMaps:
    """The label maps of photographs, found by their names; read when they are asked for.

    Maps belong to the photograph of the same stem, in the same subfolder, as masks do, and show the
    same frame. Maps of other photographs are passed over.

    Args:
        photos: The photographs that need a map.
        folders: Folder of label maps, or one entry for each folder of photographs.
        roots: The folders of photographs.

    Raises:
        InputError: A folder is missing, a photograph has no map, or a map has other proportions;
            the first ten are named and all are counted.
    """

    def __init__(self, photos: Subset, folders: Partners, roots: Roots) -> None:
        self.photos = photos
        listed = [Path(root) for root in as_list(roots)]
        prefixes = [""] if isinstance(roots, str | Path) else label_folders(listed)
        self.files: dict[str, Path] = {}
        given = one_for_each(listed, folders, "label")
        for folder, prefix in zip(given, prefixes, strict=True):
            if folder is not None:
                found = by_stem(Path(folder), list_images(folder))
                self.files |= {one_form(prefix) + stem: path for stem, path in found.items()}
        where = ", ".join(str(folder) for folder in given if folder is not None)
        missing = [name for name in photos.names if one_form(name) not in self.files]
        if missing:
            raise InputError(
                f"{where} lacks the label map of {len(missing)} of {len(photos)} photographs: "
                f"{first_ten(missing)}."
            )
        finder, needed = photos.dataset.finder, set(photos.names)
        files = {
            name: photograph.sources().get("photo")  # One that is embedded is no file.
            for name, photograph in zip(finder.names, finder, strict=True)
            if name in needed
        }
        wrong = [
            name
            for name, photo in files.items()
            if photo is not None and not _alike(self.files[one_form(name)], photo)
        ]
        if wrong:
            raise InputError(
                f"{where} expects label maps with the proportions of their photographs, got others "
                f"for {len(wrong)} of {len(photos)}: {first_ten(wrong)}."
            )

    def add_to(self, batch: Batch) -> None:
        """Read the maps of a batch, :math:`(B, S, S)`.

        Args:
            batch: Gets ``labels`` and, if its references are photographs, ``reference_labels``.
        """
        everybody = self.photos.dataset.names
        batch["labels"] = self._read(batch["name"]).to(batch["content"].device)
        if "reference_index" in batch:
            names = [everybody[int(i)] for i in batch["reference_index"]]
            batch["reference_labels"] = self._read(names).to(batch["content"].device)

    def _read(self, names: Sequence[str]) -> Tensor:
        size = self.photos.dataset.size
        maps = [square_labels(read_labels(self.files[one_form(name)]), size) for name in names]
        return torch.stack(maps)


def _alike(labels: Path, photo: Path) -> bool:
    """Tell whether a map has its photograph's proportions, to a pixel of the map."""
    (width, height), (photo_width, photo_height) = picture_size(labels), picture_size(photo)
    return abs(width - height * photo_width / photo_height) <= 1
