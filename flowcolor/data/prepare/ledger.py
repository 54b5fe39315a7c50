"""What a prepared folder knows of itself: while it grows a journal, in the end the manifest."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flowcolor import __version__
from flowcolor.data.datasets.prepared import (
    FORMAT,
    JOURNAL,
    MANIFEST,
    read_manifest,
    require_own_names,
)
from flowcolor.data.prepare.files import KEPT, write_whole
from flowcolor.errors import InputError
from flowcolor.io.alone import LOCK, is_unused
from flowcolor.io.files import exists, names_in, remove
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole

Entry = dict[str, Any]


def versions() -> dict[str, str]:
    """Return the versions of all that pixels depend on."""
    packages = {name: version(name) for name in ("numpy", "pillow", "scipy", "torch")}
    return {"flowcolor": __version__, **packages}


class Ledger:
    """The photographs that are done, each one noted as soon as its files lie in their place.

    Args:
        folder: The prepared folder; created if it does not exist.
        settings: What the pixels depend on, in plain values.

    Raises:
        InputError: The folder cannot be written, holds other things, or has other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        self.settings = dict(settings)
        self.entries: dict[str, Entry] = {}
        self.versions: dict[str, str] | None = None
        journal = folder / JOURNAL
        if exists(journal):
            header, *entries = _read_lines(journal)
            self._require_same(header)
            self.entries = {entry.pop("name"): entry for entry in entries}
            require_own_names(journal, self.entries)
        elif exists(folder / MANIFEST):
            manifest = read_manifest(folder)
            self._require_same(manifest)
            self.entries = manifest["photographs"]
        elif not is_unused(folder):
            raise InputError(
                f"{folder} is not empty and no prepared folder: --output expects a new folder, or "
                "one that the same command has begun."
            )

    def require_same_versions(self) -> None:
        """Refuse to add to files that other versions have made: their pixels may differ."""
        now = versions()
        if not self.entries:
            self.versions = now
        if self.versions != now:
            changed = [
                f"{name} {(self.versions or {}).get(name)} is now {now[name]}"
                for name in now
                if (self.versions or {}).get(name) != now[name]
            ]
            raise InputError(
                f"{self.folder} was begun with other versions ({', '.join(changed)}): prepare into "
                "a new folder, or install those again."
            )

    @contextmanager
    def open(self) -> Iterator[None]:
        """Begin or continue the journal; :meth:`note` may be called until the end.

        One of nothing is not left in a folder that holds nothing else: it would bind it to settings
        by which nothing can be prepared.
        """
        lines = [{"format": FORMAT, "settings": self.settings, "versions": versions()}]
        lines += [{"name": name, **entry} for name, entry in self.entries.items()]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_whole(text.encode(), self.folder / JOURNAL)
        try:
            with (self.folder / JOURNAL).open("ab", buffering=0) as self._journal:
                yield
        finally:
            if not self.entries and {JOURNAL, LOCK}.issuperset(names_in(self.folder)):
                remove(self.folder / JOURNAL)

    def note(self, name: str, entry: Entry) -> None:
        """Write down that a photograph is done."""
        self.entries[name] = entry
        line = json.dumps({"name": name, **entry}) + "\n"
        try:
            self._journal.write(line.encode())
        except OSError as error:
            raise InputError(
                f"{self.folder / JOURNAL} cannot be written: {error.strerror}. {KEPT}"
            ) from error

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Replace the journal by the manifest."""
        whole = {
            "format": FORMAT,
            "settings": self.settings,
            "versions": self.versions or versions(),
            **manifest,
        }
        text = json.dumps(whole, indent=1) + "\n"
        write_whole(text.encode(), self.folder / MANIFEST)
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def _require_same(self, found: Mapping[str, Any]) -> None:
        before: dict[str, Any] = found["settings"]
        for name, value in self.settings.items():
            if before.get(name) != value:
                raise InputError(
                    f"{self.folder} was prepared with {name} = {json.dumps(before.get(name))}, got "
                    f"{json.dumps(value)}: a folder holds one kind of files, choose another "
                    "--output."
                )
        self.versions = found["versions"]


def _read_lines(journal: Path) -> list[dict[str, Any]]:
    """Read what was written before an interruption; the last line may be a part of one."""
    lines = []
    try:
        whole = read_whole(journal)
    except OSError as error:
        raise InputError(f"{journal} cannot be read: {error.strerror or error}.") from error
    for line in whole.split(b"\n")[:-1]:
        try:
            lines.append(parse_json(line))
        except ValueError:
            break
    if not (lines and _is_header(lines[0]) and all(map(_is_entry, lines[1:]))):
        raise InputError(f"{journal} is damaged: delete the folder and prepare anew.")
    return lines


def _is_header(line: Any) -> bool:
    return (
        isinstance(line, dict)
        and line.get("format") == FORMAT
        and isinstance(line.get("settings"), dict)
        and isinstance(line.get("versions"), dict)
    )


def _is_entry(line: Any) -> bool:
    return (
        isinstance(line, dict)
        and isinstance(line.get("name"), str)
        and isinstance(line.get("source_bytes"), int)
        and isinstance(line.get("sha256"), dict)
    )
