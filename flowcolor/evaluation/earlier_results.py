"""What an earlier report has left beside itself, and a new one in its place may not write again."""

from pathlib import Path
from typing import Any, Literal

from flowcolor.errors import InputError
from flowcolor.evaluation.scores import SETTINGS
from flowcolor.io.files import exists, is_file
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole

_COLUMNS = (b"setting", b"name", b"reference")  # With which the table of every report begins.


def about_earlier(path: Path, option: str, compares: bool = False) -> dict[str, Any] | None:
    """Return what an earlier report is about in whose place a new one will stand.

    Args:
        path: Of the new one.
        option: How the command line calls the folder.
        compares: Whether a comparison will be written beside it.

    Returns:
        As of a report, or None where there is none.

    Raises:
        InputError: Something else is there, or in the place of a file that is written beside it.
    """
    table, comparison = path.with_suffix(".csv"), path.parent / "comparison.json"
    if exists(table) and not all(word in _read(table).partition(b"\n")[0] for word in _COLUMNS):
        raise _of_something_else(table, option)
    if compares and exists(comparison) and "settings" not in _content(comparison):
        raise _of_something_else(comparison, option)
    if not exists(path):
        return None
    found = _content(path)
    about = found.get("about") if "pairs" in found else None
    if not isinstance(about, dict):
        raise _of_something_else(path, option)
    return about


def _read(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _content(path: Path) -> dict[str, Any]:
    """Return what JSON of names says; nothing where a file is something else."""
    try:
        found = parse_json(_read(path))
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _of_something_else(path: Path, option: str) -> InputError:
    return InputError(
        f"{option} expects a folder without a {path.name} of something else, got {path.parent}, "
        "whose own would be replaced."
    )


def of_earlier(folder: Path, name: Literal["score", "test"]) -> list[Path]:
    """Return the comparison and the pictures of an earlier report, of which a new one makes waste.

    They would stand beside numbers of another model. Where no report is, or one of both names,
    nobody knows whose they are: they are left.

    Args:
        folder: Where the reports go.
        name: Of both.
    """
    other = "test" if name == "score" else "score"
    if not is_file(folder / f"{name}.json") or is_file(folder / f"{other}.json"):
        return []
    pictures = [f"{kind}-{setting}.png" for kind in ("pairs", "extremes") for setting in SETTINGS]
    return [path for file in ("comparison.json", *pictures) if is_file(path := folder / file)]
