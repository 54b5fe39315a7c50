"""Any folder of faces: photographs, CelebAMask-HQ, or one that was prepared."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from flowcolor.data.datasets.celeba import CelebAMaskHQ, is_celeba
from flowcolor.data.datasets.folder import (
    Folders,
    OptionalFolders,
    PhotoFolder,
    as_list,
    label_folders,
    one_for_each,
)
from flowcolor.data.datasets.portraits import Background, CachedPortraits, Sketcher
from flowcolor.data.datasets.prepared import PreparedFolder, is_prepared
from flowcolor.errors import InputError


class Joined(CachedPortraits):
    """Several datasets as one.

    Args:
        parts: The datasets; they need no cache of their own.
        labels: Put before the names of each.
        cache: Keep what was made in memory, as bytes.
    """

    def __init__(
        self, parts: Sequence[CachedPortraits], labels: Sequence[str], cache: bool
    ) -> None:
        named = list(zip(parts, labels, strict=True))
        super().__init__(
            [label + n for part, label in named for n in part.names], parts[0].size, cache
        )
        self._places = [(part, index) for part in parts for index in range(len(part))]

    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""
        part, position = self._places[index]
        return part.make(position)


def open_portraits(
    root: Folders,
    size: int,
    sketches: OptionalFolders = None,
    masks: OptionalFolders = None,
    sketch_filter: Sketcher | None = None,
    background: Background = "keep",
    cache: bool = True,
    strict: bool = False,
) -> CachedPortraits:
    """Open a folder, or several as one, each as what it is.

    A folder that holds ``CelebA-HQ-img`` is a :class:`CelebAMaskHQ`, one with the manifest of
    ``flowcolor prepare`` is a :class:`PreparedFolder`, others are a :class:`PhotoFolder`, whose
    arguments these are. Masks cannot be given for the first two, nor sketches for the second: they
    bring their own.

    Raises:
        InputError: As the datasets, or masks or sketches are given where they cannot be.
    """
    roots = [Path(folder) for folder in as_list(root)]
    if not any(is_celeba(folder) or is_prepared(folder) for folder in roots):
        return PhotoFolder(root, size, sketches, masks, sketch_filter, background, cache, strict)
    single = isinstance(root, str | Path)
    parts: list[CachedPortraits] = []
    for folder, sketch, mask in zip(
        roots,
        one_for_each(roots, sketches, "sketch"),
        one_for_each(roots, masks, "mask"),
        strict=True,
    ):
        keep = cache and single
        celeba, prepared = is_celeba(folder), is_prepared(folder)
        if (celeba or prepared) and mask is not None:
            raise InputError(f"{folder} brings its own masks, got {mask} for it.")
        if prepared and sketch is not None:
            raise InputError(f"{folder} brings its own sketches, got {sketch} for it.")
        if prepared:
            parts.append(PreparedFolder(folder, size, background, keep))
        elif celeba:
            parts.append(
                CelebAMaskHQ(folder, size, sketch, sketch_filter, background, keep, strict)
            )
        else:
            parts.append(
                PhotoFolder(folder, size, sketch, mask, sketch_filter, background, keep, strict)
            )
    return parts[0] if single else Joined(parts, label_folders(roots), cache)
