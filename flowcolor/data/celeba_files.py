"""The file names of CelebAMask-HQ: hundreds of thousands, read in one pass, none opened."""

import re
from collections.abc import Collection
from pathlib import Path

from flowcolor.data.datasets.celeba_labels import PARTS
from flowcolor.errors import InputError
from flowcolor.io.files import is_dir, names_in
from flowcolor.io.formats import is_image

_PER_FOLDER = 2000
_BITS = {part: 1 << position for position, part in enumerate(PARTS)}
_PART_FILE = re.compile(r"([0-9]+)_([a-z_]+)\.png", re.IGNORECASE | re.ASCII)


def find_numbered(folder: Path, strays: list[str]) -> dict[int, Path]:
    """Find the images whose names are numbers; other files are added to ``strays``.

    Raises:
        InputError: The folder is missing or holds no such image, or two have one number.
    """
    if not is_dir(folder):
        raise InputError(f"{folder} should be a folder of images named by numbers, got none.")
    found: dict[int, Path] = {}
    for name in names_in(folder):
        if name.startswith("."):
            continue
        stem = name.rpartition(".")[0]
        if not (is_image(name) and stem.isascii() and stem.isdigit()):
            strays.append(f"{folder.name}/{name}")
        elif int(stem) in found:
            twins = " and ".join(sorted((found[int(stem)].name, name)))
            raise InputError(f"{folder} holds {twins}, which have the same number.")
        else:
            found[int(stem)] = folder / name
    if not found:
        raise InputError(f"{folder} holds no image whose name is a number.")
    strays.sort()
    return found


class PartFiles:
    """Which parts each face has, as bits: 18 parts of 30,000 faces in a few megabytes.

    Args:
        folder: Holds folders ``0``, ``1``, ... of 2,000 faces each.
        strays: Gets the PNG files whose names fit the layout nowhere.

    Raises:
        InputError: The folder is missing, or a part of a face has two files.
    """

    def __init__(self, folder: Path, strays: list[str]) -> None:
        self.folder = folder
        self._bits: dict[int, int] = {}
        self._unusual: dict[tuple[int, str], str] = {}
        if not is_dir(folder):
            raise InputError(
                f"{folder} should hold the labels of CelebAMask-HQ, but does not exist. For "
                "photographs without labels give the folder of photographs itself."
            )
        lost = []
        for inner in sorted(names_in(folder)):
            if is_dir(folder / inner):
                known = int(inner) if inner.isascii() and inner.isdigit() else -1
                for name in names_in(folder / inner):
                    if name.lower().endswith(".png") and not self._add(name, known):
                        lost.append(f"{inner}/{name}")  # noqa: PERF401
        strays += sorted(lost)

    @property
    def numbers(self) -> Collection[int]:
        """Faces with at least one part."""
        return self._bits.keys()

    def files(self, number: int) -> dict[str, Path]:
        """Return the file of each part that a face has."""
        folder = self.folder / str(number // _PER_FOLDER)
        return {
            part: folder / self._unusual.get((number, part), f"{number:05d}_{part}.png")
            for part, bit in _BITS.items()
            if self._bits.get(number, 0) & bit
        }

    def _add(self, name: str, folder: int) -> bool:
        match = _PART_FILE.fullmatch(name)
        if match is None:
            return False
        number, part = int(match[1]), match[2].lower()
        bit = _BITS.get(part)
        if bit is None or number // _PER_FOLDER != folder:
            return False
        present = self._bits.get(number, 0)
        if present & bit:
            raise InputError(
                f"{self.folder / str(folder)} holds two files {number:05d}_{part}.png."
            )
        self._bits[number] = present | bit
        if name != f"{number:05d}_{part}.png":
            self._unusual[number, part] = name
        return True
