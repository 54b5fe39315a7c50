"""Folders of photographs, with ready sketches and masks or without."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from flowcolor.arguments import check_flag
from flowcolor.data.datasets.celeba import is_celeba
from flowcolor.data.datasets.files import Files, MaskFile
from flowcolor.data.datasets.finder import Finder
from flowcolor.data.datasets.left_out import LeftOut
from flowcolor.data.datasets.once import require_once
from flowcolor.data.datasets.prepared import is_prepared
from flowcolor.data.positions import position
from flowcolor.errors import InputError
from flowcolor.io.files import real
from flowcolor.io.listing import list_images, one_form, own_stem, pairing_stem
from flowcolor.io.places import require_path

Roots = str | Path | Sequence[str | Path]
Partners = str | Path | Sequence[str | Path | None] | None


class PhotoFolder(Finder):
    """The photographs of one folder or of several.

    A folder that holds no image itself stands for its subfolders, at any depth.

    Sketches and masks belong to the photo of the same stem, in the same subfolder, and show the
    same frame. What is drawn here stays white outside the mask; ready drawings are taken as they
    are. Without masks nothing is whitened.

    A photo whose sketch or mask is missing is left out, because to draw some photos and not others,
    or to whiten some, would mix two kinds of drawings. How many there are, and the names of the
    first ten, is logged as a warning; ``left_out`` has all.

    Args:
        root: A folder of photographs, or several. Names are file stems, of photographs in
            subfolders ``subfolder/stem``; with several folders they are ``folder/stem``.
        sketches: Folder of ready drawings, one for each photo; a list with one entry (or ``None``)
            for each folder of photos.
        masks: Folder of masks, as ``sketches``.
        strict: Raise an error instead of leaving photos out.

    Raises:
        InputError: A folder is missing or empty, or that of the photos is given for its sketches or
            masks, two photos of a folder share a stem, no photo has all that it needs, or, if
            ``strict``, one lacks it.
    """

    def __init__(
        self,
        root: Roots,
        sketches: Partners = None,
        masks: Partners = None,
        strict: bool = False,
    ) -> None:
        check_flag(self, strict=strict)
        roots = [Path(folder) for folder in as_list(root)]
        labels = [""] if isinstance(root, str | Path) else label_folders(roots)
        found: list[tuple[str, Files]] = []
        left_out = LeftOut()
        for folder, label, sketch_folder, mask_folder in zip(
            roots,
            labels,
            one_for_each(roots, sketches, "sketch"),
            one_for_each(roots, masks, "mask"),
            strict=True,
        ):
            _require_other(folder, sketches=sketch_folder, masks=mask_folder)
            photos = list_images(folder, besides=(sketch_folder, mask_folder))
            require_no_data_set(folder, photos)
            found += pair_files(photos, folder, label, sketch_folder, mask_folder, left_out)
        left_out.report(strict, kept=len(found))
        super().__init__([name for name, _ in found], left_out)
        self._files = [files for _, files in found]
        self.knows_background = any(files.mask is not None for files in self._files)
        if len(roots) > 1:
            require_once(self)

    def __getitem__(self, index: int) -> Files:
        return self._files[position(self, index)]


def _require_other(folder: Path, **partners: str | Path | None) -> None:
    """Refuse photographs as their own drawings or masks, of which any picture would make some."""
    for kind, partner in partners.items():
        if partner is not None and real(Path(partner)) == real(folder):
            raise InputError(
                f"{kind} expects a folder of {kind}, got that of photographs, {folder}."
            )


def pair_files(
    photos: Sequence[Path],
    root: Path,
    label: str,
    sketches: str | Path | None,
    masks: str | Path | None,
    left_out: LeftOut,
) -> list[tuple[str, Files]]:
    """Find name, sketch and mask of each photo by its stem; note those that lack one."""
    by_stem = {
        kind: {pairing_stem(path, Path(folder)): path for path in list_images(folder)}
        for kind, folder in (("sketch", sketches), ("mask", masks))
        if folder is not None
    }
    stems = [pairing_stem(photo, root) for photo in photos]
    for kind, folder in (("sketch", sketches), ("mask", masks)):
        if folder is not None:
            missing = [
                label + photo.relative_to(root).as_posix()
                for photo, stem in zip(photos, stems, strict=True)
                if stem not in by_stem[kind]
            ]
            left_out.add(f"{folder} lacks the {kind} of", missing, len(photos))
    files = []
    for photo, stem in zip(photos, stems, strict=True):
        if all(stem in partners for partners in by_stem.values()):
            sketch, mask = (by_stem.get(kind, {}).get(stem) for kind in ("sketch", "mask"))
            own = Files(photo, sketch, None if mask is None else MaskFile(mask))
            files.append((label + own_stem(photo, root), own))
    return files


def require_no_data_set(root: Path, photos: Sequence[Path]) -> None:
    """Refuse to take the masks and drawings of a data set in a subfolder for photographs.

    Raises:
        InputError: A folder between ``root`` and a photograph is CelebAMask-HQ or prepared.
    """
    between = {folder for photo in photos for folder in photo.relative_to(root).parents}
    for folder in sorted(root / inner for inner in between if inner.parts):
        if is_celeba(folder) or is_prepared(folder):
            what = "CelebAMask-HQ" if is_celeba(folder) else "a prepared folder"
            raise InputError(
                f"{root} should be a folder of photographs, but its {folder.relative_to(root)} is "
                f"{what}: give {folder} itself."
            )


def as_list(folders: Roots) -> list[str | Path]:
    """Return the folders, at least one, as a list.

    Raises:
        InputError: There is none, or it is something else.
    """
    one = _is_one(folders)
    listed: list[Any] = [folders] if one else list(folders)  # type: ignore[arg-type]
    for folder in listed:
        require_path("A folder of photographs", folder)
    if not listed:
        raise InputError("At least one folder of photographs is needed, got an empty list.")
    return listed


def _is_one(folders: object) -> bool:
    """Tell whether this is one folder, or what is none, and no list, generator or the like."""
    # A tensor of one number has no parts, and a set no order that all processes would share.
    one = isinstance(folders, str | bytes | Path | Tensor | set | frozenset)
    return one or getattr(folders, "ndim", 1) == 0 or not isinstance(folders, Iterable)


def label_folders(roots: Sequence[Path]) -> list[str]:
    """Prefix names with as many parts of the folder's path as it takes to tell folders apart."""
    parts = [_below_root(real(folder)) for folder in roots]
    for depth in range(1, max(1, *map(len, parts)) + 1):
        labels = ["".join(f"{part}/" for part in each[-depth:]) for each in parts]
        if len(set(map(one_form, labels))) == len(labels):
            return labels
    raise InputError(f"The same folder is listed twice: {', '.join(map(str, roots))}.")


def _below_root(folder: Path) -> list[str]:
    """Return the parts of a path without its root, from which on a name would be a place there."""
    drive = re.sub(r"\W", "", folder.drive)
    return [part for part in (drive, *folder.relative_to(folder.anchor).parts) if part]


def one_for_each(roots: Sequence[Path], folders: Partners, kind: str) -> list[str | Path | None]:
    """Return one folder of sketches or masks, or ``None``, for each folder of photographs."""
    if folders is None:
        return [None] * len(roots)
    one = _is_one(folders)
    listed: list[Any] = [folders] if one else list(folders)  # type: ignore[arg-type]
    for folder in listed:
        if folder is not None:
            require_path(f"A folder of {kind} images", folder)
    if len(listed) != len(roots):
        raise InputError(
            f"Expected one folder (or null) of {kind} images for each of {len(roots)} folders of "
            f"photographs, got {len(listed)}."
        )
    return list(listed)
