"""What a prepared folder holds, compared with its sources and with what was written into it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from flowcolor.console import warn
from flowcolor.data.datasets.folder import PhotoFolder, label_folders
from flowcolor.data.fingerprint import fingerprint
from flowcolor.data.prepare.ledger import Entry, Ledger
from flowcolor.data.prepare.sources import FileFinder
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import is_empty, is_file
from flowcolor.io.formats import is_image
from flowcolor.io.images import read_bytes
from flowcolor.io.listing import natural_order
from flowcolor.io.tree import names_below

_ALWAYS = ("photos", "sketches")


def forget(ledger: Ledger, finder: FileFinder) -> set[str]:
    """Drop entries whose sources are gone or changed or whose files are; return their files.

    Files that are whole and were changed by somebody stay, and are named.
    """
    positions = {name: index for index, name in enumerate(finder.names)}
    gone: set[str] = set()
    retouched: list[str] = []
    for name, entry in list(ledger.entries.items()):
        index = positions.get(name)
        try:
            same = index is not None and _is_same(finder, index, entry)
        except (OSError, InputError):
            same = False
        changed = _look_at(ledger.folder, name, entry, ledger.settings["size"]) if same else None
        if changed is None:
            del ledger.entries[name]
            if not same:
                gone.update(entry["sha256"])
        else:
            retouched += changed
    if retouched:
        count = len(retouched)
        are = "1 file is not as it was" if count == 1 else f"{count} files are not as they were"
        warn(
            f"{ledger.folder}: {are} prepared, and {'stays' if count == 1 else 'stay'} so: "
            f"{first_ten(retouched)}. Delete what is to be made anew."
        )
    return gone


def require_looked_into(ledger: Ledger, finder: FileFinder, photos: Sequence[str | Path]) -> None:
    """Refuse to forget what lies in subfolders because an image has come to lie beside them.

    A folder that holds images itself does not stand for its subfolders any more.

    Args:
        ledger: What is prepared.
        finder: What would be.
        photos: Folders of photographs.

    Raises:
        InputError: It names the images.
    """
    gone = ledger.entries.keys() - set(finder.names)
    if not gone or not isinstance(finder, PhotoFolder):
        return
    roots = [Path(folder) for folder in photos]
    for root, label in zip(roots, label_folders(roots) if len(roots) > 1 else [""], strict=True):
        images = [name for name in names_below(root, everything=True) if is_image(Path(name).name)]
        own = sorted((name for name in images if "/" not in name), key=natural_order)
        lost = gone & {label + name.rpartition(".")[0] for name in images if "/" in name}
        if own and lost:
            raise InputError(
                f"{root} expects images in its subfolders alone, {len(lost)} of which are prepared "
                f"and would be removed, got {first_ten(own)} beside them: move away what came to "
                "lie there, or give another --output."
            )


def _is_same(finder: FileFinder, index: int, entry: Entry) -> bool:
    """Tell whether an entry was made of the files that are there now."""
    if finder[index].photo.stat().st_size != entry.get("source_bytes"):
        return False  # As sure as the content, and much faster.
    return fingerprint(finder[index].sources()) == entry.get("sources")


def _look_at(folder: Path, name: str, entry: Entry, size: int) -> list[str] | None:
    """Return which files of a photograph hold something else than when they were made.

    Of one that is not noted, not there, or no image of this size any more, return ``None``.
    """
    noted = entry["sha256"]
    if not all(f"{kind}/{name}.png" in noted for kind in _ALWAYS):
        return None
    changed = []
    for file, sha256 in noted.items():
        path = folder / file
        # What a power failure leaves may have a name and no content, or a part of it.
        if not is_file(path) or is_empty(path):
            return None
        try:
            if _sum(path) == sha256:
                continue
            if read_bytes(path).shape[1:] != (size, size):
                return None
        except (OSError, InputError):
            return None
        changed.append(file)
    return changed


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
