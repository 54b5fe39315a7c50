"""Where photographs lie, and what belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flowcolor.errors import InputError
from flowcolor.io.places import require_in_full, require_path


@dataclass(frozen=True)
class Folders:
    """One folder of photographs, or several, and what belongs to the photographs.

    What belongs to a photograph has its stem, lies in the same subfolder, and shows the same frame.
    A word or a list in place of this record means photographs alone.

    Args:
        photos: Folder of photographs, of CelebAMask-HQ, or of what ``flowcolor prepare`` wrote, or
            a list of such folders; ``embedded`` are the two that come with the installation.
        sketches: Folder of ready drawings, or one entry (or null) for each folder of photographs.
        masks: Folder of masks, white where the person is, as ``sketches``.
        labels: Folder of label maps, as ``sketches``.

    Example:
        >>> Folders.of("faces")
        Folders(photos='faces', sketches=None, masks=None, labels=None)
    """

    photos: str | list[str] | Path  # In this order: a parser would write a list as a path, too.
    sketches: str | list[str | None] | None = None
    masks: str | list[str | None] | None = None
    labels: str | list[str | None] | None = None

    def __post_init__(self) -> None:
        _refuse_unusable(self, "photos", "sketches", "masks", "labels")

    @classmethod
    def of(cls, where: "Folders | str | Path | Sequence[str | Path]") -> "Folders":
        """Return the record of what may be photographs alone."""
        if isinstance(where, Folders):
            return where
        if isinstance(where, str | Path):
            return cls(where)
        if not isinstance(where, Sequence) or isinstance(where, bytes):
            kind = type(where).__name__
            raise InputError(f"A folder of photographs expects a path or a list, got {kind}.")
        for folder in where:
            require_path("A folder of photographs", folder)
        return cls([str(folder) for folder in where])


@dataclass(frozen=True)
class PairFolders:
    """Drawings to colour, and the photographs whose colours they get.

    Args:
        sketches: A drawing, or a folder of drawings.
        photos: A photograph for all drawings, or a folder of photographs with their stems.
    """

    sketches: str | None = None
    photos: str | None = None

    def __post_init__(self) -> None:
        _refuse_unusable(self, "sketches", "photos")


def _refuse_unusable(record: Folders | PairFolders, *names: str) -> None:
    """Raise :class:`InputError` for a folder without a name: it would be the one that one is in.

    And for what is no path, or one below a ``~``, as lists of folders on a command line have it.
    """
    for name in names:
        value = getattr(record, name)
        listed = value if isinstance(value, list) else [value]
        if any(isinstance(folder, str) and not folder for folder in listed):
            raise InputError(f"{name} expects the name of a folder or file, got an empty one.")
        for folder in listed:
            if folder is not None:
                require_path(name, folder)
                require_in_full(Path(folder), name)
