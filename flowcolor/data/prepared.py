"""Folders that ``flowcolor prepare`` has written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from flowcolor.data.datasets.portraits import Background, CachedPortraits, whiten
from flowcolor.errors import InputError
from flowcolor.io.files import is_file
from flowcolor.io.images import read_image, read_sketch, resize

FORMAT = "flowcolor prepared folder, version 1"
MANIFEST = "manifest.json"


class PreparedFolder(CachedPortraits):
    """Photographs, drawings and masks that ``flowcolor prepare`` has made ready.

    At the size of the preparation, items are those of the original folder to the last bit.

    Args:
        root: The folder that holds ``manifest.json``.
        size: Side of the square images, at most that of the preparation.
        background: ``"white"`` whitens photos outside their masks, if the preparation did not.
        cache: Keep what was read in memory, as bytes.

    Raises:
        InputError: The manifest is damaged, lists nothing, or the size is larger.
    """

    def __init__(
        self, root: str | Path, size: int, background: Background = "keep", cache: bool = True
    ) -> None:
        self.root = Path(root)
        self.manifest = read_manifest(self.root)
        settings = self.manifest["settings"]
        if size > settings["size"]:
            raise InputError(
                f"{self.root} was prepared at a size of {settings['size']}, which cannot serve for "
                f"{size}: prepare again with --size {size}."
            )
        self.whiten = background == "white" and settings["background"] == "keep"
        super().__init__(list(self.manifest["photographs"]), size, cache)
        if not self.names:
            raise InputError(f"{self.root / MANIFEST} lists no photograph.")

    def make(self, index: int) -> tuple[Tensor, Tensor]:
        """Return the photograph (3, size, size) and the drawing (1, size, size) in [0, 1]."""
        name, target = self.names[index], (self.size, self.size)
        photo = read_image(prepared_file(self.root, "photos", name))
        sketch = read_sketch(prepared_file(self.root, "sketches", name))[:1]
        mask = prepared_file(self.root, "masks", name)
        if self.whiten and mask.relative_to(self.root).as_posix() in self._files(name):
            photo = whiten(photo, read_sketch(mask)[:1])
        return resize(photo, target), resize(sketch, target)

    def _files(self, name: str) -> dict[str, str]:
        files: dict[str, str] = self.manifest["photographs"][name]["sha256"]
        return files


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
        parts = name.replace("\\", "/").split("/")
        climbs = (
            not {"", ".", ".."}.isdisjoint(parts)
            or "\0" in name
            or any(part[1:2] == ":" for part in parts)
        )
        foreign = next((file for file in entry["sha256"] if file not in own), None)
        if climbs or foreign is not None:
            raise InputError(
                f"{path} expects names of files inside its folder, got "
                f"{(name if climbs else foreign)!r}: delete the folder and prepare anew."
            )


def prepared_file(root: Path, kind: str, name: str) -> Path:
    """Return the place of one of the ``photos``, ``sketches`` or ``masks``."""
    return root / kind / f"{name}.png"


def is_prepared(folder: str | Path) -> bool:
    """Tell whether a folder has the manifest of ``flowcolor prepare``."""
    path = Path(folder) / MANIFEST
    try:
        text = path.read_text("utf-8", "replace")[:200] if is_file(path) else ""
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    return FORMAT.rpartition(" ")[0] in text


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what ``flowcolor prepare`` has noted.

    Raises:
        InputError: The manifest is missing, damaged, or of another version.
    """
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        found = manifest["format"]
        complete = isinstance(manifest["settings"]["size"], int) and all(
            isinstance(entry["sha256"], dict) for entry in manifest["photographs"].values()
        )
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"{path} is not the manifest of a prepared folder.") from error
    if found != FORMAT or not complete:
        raise InputError(f"{path} is not a {FORMAT!r}, but {found!r}.")
    require_own_names(path, manifest["photographs"])
    return manifest
