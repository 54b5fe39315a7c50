"""Folders that ``flowcolor prepare`` has written."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from flowcolor.data.datasets.finder import Finder, Opened
from flowcolor.data.positions import position
from flowcolor.errors import InputError
from flowcolor.io.files import exists, is_dir, is_file
from flowcolor.io.images import read_image, read_sketch
from flowcolor.io.json_text import parse_json
from flowcolor.io.places import require_path
from flowcolor.io.streams import read_whole

FORMAT = "flowcolor prepared folder, version 1"
MANIFEST = "manifest.json"
JOURNAL = ".journal.jsonl"  # Beside the manifest or in place of it, until a preparation is over.


class PreparedPhotograph(NamedTuple):
    """The files that ``flowcolor prepare`` has made of one photograph."""

    photo: Path
    sketch: Path
    mask: Path | None

    def open(self) -> Opened:
        """Read the files.

        Raises:
            InputError: One cannot be read.
        """
        photo, sketch = read_image(self.photo), read_sketch(self.sketch)[:1]
        coverage = None if self.mask is None else read_sketch(self.mask)[:1]
        return Opened(photo, sketch, coverage=coverage)

    def sources(self) -> dict[str, Path]:
        """Return the files by what they are."""
        files = {"photo": self.photo, "sketch": self.sketch}
        return files if self.mask is None else files | {"mask": self.mask}


class PreparedFolder(Finder):
    """Photographs, drawings and masks that ``flowcolor prepare`` has made ready.

    At the size of the preparation, items are those of the original folder to the last bit; smaller
    ones can be made of them. Photographs are whitened on demand, if the preparation did not.

    Args:
        root: The folder that holds ``manifest.json``.

    Raises:
        InputError: The manifest is damaged or lists nothing.
    """

    def __init__(self, root: str | Path) -> None:
        require_path("PreparedFolder", root)
        self.root = Path(root)
        self.manifest = read_manifest(self.root)
        super().__init__(list(self.manifest["photographs"]))
        if not self.names:
            raise InputError(f"{self.root / MANIFEST} lists no photograph.")
        self.knows_background = self.manifest["settings"]["background"] == "white" or any(
            photograph.mask is not None for photograph in map(self.__getitem__, range(len(self)))
        )

    def __getitem__(self, index: int) -> PreparedPhotograph:
        name = self.names[position(self, index)]
        photo, sketch, mask = (
            prepared_file(self.root, kind, name) for kind in ("photos", "sketches", "masks")
        )
        own = mask.relative_to(self.root).as_posix() in self.manifest["photographs"][name]["sha256"]
        keeps = self.manifest["settings"]["background"] == "keep"
        return PreparedPhotograph(photo, sketch, mask if own and keeps else None)

    def require_size(self, size: int) -> None:
        """Refuse a size above that of the preparation."""
        largest = self.manifest["settings"]["size"]
        if size > largest:
            raise InputError(
                f"{self.root} was prepared at a size of {largest}, which cannot serve for "
                f"{size}: prepare again with --size {size}."
            )


def require_own_names(path: Path, entries: Mapping[str, Any]) -> None:
    """Refuse names of photographs or files that lead out of the prepared folder.

    Files are read, replaced and deleted by these names, and a manifest may come from anybody.

    Args:
        path: The manifest or journal, for the message.
        entries: By the name of each photograph, its ``sha256`` by file.

    Raises:
        InputError: A name is absolute, climbs, or is none of those that ``prepare`` writes.
    """
    for name, entry in entries.items():
        own = {f"{kind}/{name}.png" for kind in ("photos", "sketches", "masks")}
        climbs = leads_out(name)
        foreign = next((file for file in entry["sha256"] if file not in own), None)
        if climbs or foreign is not None:
            raise InputError(
                f"{path} expects names of files inside its folder, got "
                f"{(name if climbs else foreign)!r}: delete the folder and prepare anew."
            )


def leads_out(name: str) -> bool:
    """Tell whether the name of a photograph could be a place outside its folder, on any system."""
    parts = name.replace("\\", "/").split("/")
    return (
        not {"", ".", ".."}.isdisjoint(parts)
        or not _is_name(name)
        or any(part[1:2] == ":" for part in parts)
    )


def _is_name(text: str) -> bool:
    """Tell whether a file could be called so; JSON knows halves of letters, too."""
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def prepared_file(root: Path, kind: str, name: str) -> Path:
    """Return the place of one of the ``photos``, ``sketches`` or ``masks``."""
    return root / kind / f"{name}.png"


def is_prepared(folder: str | Path) -> bool:
    """Tell whether a folder is one of ``flowcolor prepare``, be it unfinished or damaged.

    Otherwise its drawings and masks would be taken for photographs.

    Raises:
        InputError: That cannot be found out.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not is_file(path):
        return is_file(folder / JOURNAL)
    try:
        text = path.read_text("utf-8", "replace")[:200]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return FORMAT.rpartition(" ")[0] in text or all(
        is_dir(folder / kind) for kind in ("photos", "sketches")
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what ``flowcolor prepare`` has noted.

    Raises:
        InputError: The manifest is missing, damaged, or of another version, or not yet written.
    """
    path = folder / MANIFEST
    if is_file(folder / JOURNAL) and not exists(path):
        raise InputError(
            f"{folder} is not ready: `flowcolor prepare` was interrupted, and the same command "
            "continues."
        )
    try:
        manifest: dict[str, Any] = parse_json(read_whole(path))
        found, settings = manifest["format"], manifest["settings"]
        parts = [manifest["versions"]]
        parts += [entry["sha256"] for entry in manifest["photographs"].values()]
        complete = type(settings["size"]) is int and settings["background"] in ("keep", "white")
        complete = complete and all(isinstance(part, dict) for part in parts)
    except PermissionError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is not the manifest of a prepared folder.") from error
    if found != FORMAT:
        raise InputError(f"{path} is not a {FORMAT!r}, but {found!r}.")
    if not complete:
        raise InputError(f"{path} is not the manifest of a prepared folder.")
    require_own_names(path, manifest["photographs"])
    return manifest
