"""Any folder of faces, found as what it is: photographs, CelebAMask-HQ, or prepared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowcolor.arguments import check_flag
from flowcolor.bounds import is_one_of
from flowcolor.data.datasets.celeba import CelebAMaskHQ, is_celeba
from flowcolor.data.datasets.embedded import EmbeddedPortraits
from flowcolor.data.datasets.finder import Finder, Photograph
from flowcolor.data.datasets.folder import (
    Partners,
    PhotoFolder,
    Roots,
    as_list,
    label_folders,
    one_for_each,
)
from flowcolor.data.datasets.once import require_once
from flowcolor.data.datasets.portraits import Portraits
from flowcolor.data.datasets.prepared import PreparedFolder, is_prepared
from flowcolor.data.positions import position
from flowcolor.errors import InputError

EMBEDDED = "embedded"


class Joined(Finder):
    """The photographs of several finders as those of one.

    Args:
        parts: The finders.
        labels: Put before the names of each.
    """

    def __init__(self, parts: Sequence[Finder], labels: Sequence[str]) -> None:
        named = zip(parts, labels, strict=True)
        super().__init__([label + name for part, label in named for name in part.names])
        self.parts = list(parts)
        self.aligned = all(part.aligned for part in parts)
        self.knows_background = any(part.knows_background for part in parts)
        self._places = [(part, index) for part in parts for index in range(len(part))]
        require_once(self)

    def __getitem__(self, index: int) -> Photograph:
        part, place = self._places[position(self, index)]
        return part[place]

    def require_size(self, size: int) -> None:
        """Refuse a size that one of them is too small for."""
        for part in self.parts:
            part.require_size(size)


def find_portraits(
    root: Roots,
    sketches: Partners = None,
    masks: Partners = None,
    strict: bool = False,
) -> Finder:
    """Find the photographs of a folder, or of several as one, each as what it is.

    A folder that holds ``CelebA-HQ-img`` is a :class:`~flowcolor.data.CelebAMaskHQ`, one with the
    manifest of ``flowcolor prepare`` is a :class:`~flowcolor.data.PreparedFolder`, others are a
    :class:`~flowcolor.data.PhotoFolder`, whose arguments these are. Masks cannot be given for the
    first two, nor sketches for the second: they bring their own. The word ``embedded`` stands for
    :class:`~flowcolor.data.EmbeddedPortraits`.

    Args:
        root: A folder, a list of folders, or ``embedded``.
        sketches: Folder of ready drawings, or one (or ``None``) for each folder.
        masks: Folder of masks, as ``sketches``.
        strict: Raise an error instead of leaving photographs out.

    Raises:
        InputError: As the finders, or masks or sketches are given where they cannot be.

    Example:
        >>> find_portraits("embedded").names
        ['astronaut', 'grace_hopper']
    """
    if is_one_of(root, (EMBEDDED,)):
        check_flag(find_portraits, strict=strict)
        if sketches is not None or masks is not None:
            raise InputError("The embedded portraits take neither sketches nor masks, got some.")
        return EmbeddedPortraits()
    roots = [Path(folder) for folder in as_list(root)]
    if not any(is_celeba(folder) or is_prepared(folder) for folder in roots):
        return PhotoFolder(root, sketches, masks, strict)
    parts: list[Finder] = []
    for folder, sketch, mask in zip(
        roots,
        one_for_each(roots, sketches, "sketch"),
        one_for_each(roots, masks, "mask"),
        strict=True,
    ):
        celeba, prepared = is_celeba(folder), is_prepared(folder)
        if (celeba or prepared) and mask is not None:
            raise InputError(f"{folder} brings its own masks, got {mask} for it.")
        if prepared and sketch is not None:
            raise InputError(f"{folder} brings its own sketches, got {sketch} for it.")
        if prepared:
            parts.append(PreparedFolder(folder))
        elif celeba:
            parts.append(CelebAMaskHQ(folder, sketch, strict))
        else:
            parts.append(PhotoFolder(folder, sketch, mask, strict))
    return parts[0] if isinstance(root, str | Path) else Joined(parts, label_folders(roots))


def open_portraits(
    root: Roots,
    size: int,
    sketches: Partners = None,
    masks: Partners = None,
    strict: bool = False,
    **settings: Any,
) -> Portraits:
    """Find photographs as :func:`find_portraits` does and open them as one dataset.

    Args:
        root: A folder, a list of folders, or ``embedded``.
        size: Side of the square images.
        sketches: Folder of ready drawings, or one (or ``None``) for each folder.
        masks: Folder of masks, as ``sketches``.
        strict: Raise an error instead of leaving photographs out.
        **settings: As those of :class:`~flowcolor.data.Portraits`.

    Raises:
        InputError: As :func:`find_portraits`, or the files cannot serve for this size.

    Example:
        >>> item = open_portraits("embedded", size=64)[0]
        >>> item["photo"].shape, item["content"].shape
        (torch.Size([3, 64, 64]), torch.Size([3, 64, 64]))
    """
    return Portraits(find_portraits(root, sketches, masks, strict), size, **settings)
