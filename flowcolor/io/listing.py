"""The images of a folder: which there are, in which order, and what pairs them with others."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from flowcolor.console import warn
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import exists, is_dir
from flowcolor.io.formats import is_image
from flowcolor.io.tree import names_below


def one_form(name: str) -> str:
    """Return a name in the one Unicode form in which names are compared.

    Some file systems write an accented letter in two characters.
    """
    return unicodedata.normalize("NFC", name)


def pairing_stem(path: Path, folder: Path | None = None) -> str:
    """Return what pairs files of several folders: their name without suffix, in one Unicode form.

    Args:
        path: The file.
        folder: Count the subfolders from here to the file, too.
    """
    return one_form(own_stem(path, folder))


def own_stem(path: Path, folder: Path | None = None) -> str:
    """Return a name without suffix as it is written, with the subfolders from ``folder`` on."""
    return path.stem if folder is None else path.relative_to(folder).with_suffix("").as_posix()


def list_images(folder: str | Path, besides: Sequence[str | Path | None] = ()) -> list[Path]:
    """Return the image files of a folder, sorted by name; suffixes in any case.

    An image is what Pillow reads. A folder that holds no image itself stands for its subfolders at
    any depth, as photographs in thousands are often kept. Where it holds images, those of its
    subfolders are left out. What is left out is counted and named in a warning, and so are names
    that differ in capitals only.

    Numbers inside names count: ``p2.png`` comes before ``p10.png``.

    Args:
        folder: Where to look.
        besides: Subfolders that are known to hold something else, and are passed over.

    Raises:
        InputError: The folder is missing, holds no image, or two images share a stem, which would
            make it unclear which sketch or mask belongs to which.
    """
    folder = Path(folder)
    if not is_dir(folder):
        what = "is a file" if exists(folder) else "does not exist"
        raise InputError(f"{folder} should be a folder of images but {what}.")
    names = sorted(names_below(folder, [Path(path) for path in besides if path]), key=natural_order)
    images = [name for name in names if is_image(name.rpartition("/")[2])]
    own = [name for name in images if "/" not in name]
    _name_left_out(folder, images, own, names)
    chosen = [folder / name for name in own or images]
    if not chosen:
        got = f", got {first_ten(names)}" if names else ""
        raise InputError(f"{folder} holds no image that Pillow reads{got}.")
    _name_alike(folder, by_stem(folder, chosen))
    return chosen


def _name_alike(folder: Path, images: Mapping[str, Path]) -> None:
    """Warn of names that only some disks tell apart, of which results might lie on another."""
    alike = defaultdict(list)
    for stem, path in images.items():
        alike[stem.casefold()].append(path)
    twins = [path.relative_to(folder).as_posix() for paths in alike.values() for path in paths[1:]]
    if twins:
        warn(
            f"{folder} holds names that differ from others in capitals only: {first_ten(twins)}. "
            "On disks of macOS and Windows, results of these names take each other's place."
        )


def by_stem(folder: Path, images: Sequence[Path]) -> dict[str, Path]:
    """Return the images of a folder by what pairs them with those of other folders.

    Raises:
        InputError: Two of them share it.
    """
    stems = defaultdict(list)
    for path in images:
        stems[pairing_stem(path, folder)].append(path)
    twins = next((paths for paths in stems.values() if len(paths) > 1), None)
    if twins:
        alike = len({one_form(path.name) for path in twins}) == 1  # On the screen, too.
        names = " and ".join(ascii(path.name) if alike else path.name for path in twins)
        raise InputError(f"{folder} holds {names}, but names without their suffix must differ.")
    return {stem: path for stem, (path,) in stems.items()}


def _name_left_out(folder: Path, images: list[str], own: list[str], names: list[str]) -> None:
    deeper = [name for name in images if "/" in name]
    if own and deeper:
        warn(
            f"{folder} holds images itself, so {len(deeper)} in its subfolders are left out: "
            f"{first_ten(deeper)}."
        )
    elif deeper:
        parts = {name.partition("/")[0]: 0 for name in deeper}
        warn(
            f"{folder} holds no image itself: {len(deeper)} are read from {len(parts)} of its "
            f"subfolders: {first_ten(list(parts))}."
        )
    name_no_images(folder, [name for name in names if not (own and "/" in name)])


def name_no_images(folder: Path, names: Sequence[str]) -> None:
    """Warn of the files of a folder that are no images by their names."""
    others = [name for name in names if not is_image(name.rpartition("/")[2])]
    if 0 < len(others) < len(names):  # Otherwise it is an error, which names them.
        one = len(others) == 1
        what = "1 file that is no image" if one else f"{len(others)} files that are no images"
        warn(
            f"{folder} holds {what} which Pillow reads: {first_ten(others)}. "
            f"{'It is' if one else 'They are'} left out."
        )


def natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts names with the numbers inside them as numbers, in any Unicode form.

    Example:
        >>> sorted(["p10", "p9", "a"], key=natural_order)
        ['a', 'p9', 'p10']
    """
    # Text and numbers, alternating.
    parts: list[str | int] = list(re.split("([0-9]+)", one_form(name)))
    parts[1::2] = map(int, parts[1::2])
    return parts, name
