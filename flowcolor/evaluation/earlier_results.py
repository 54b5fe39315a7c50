"""What an earlier report has left beside itself, and a new one in its place may not write again."""

from pathlib import Path
from typing import Any, Literal

from flowcolor.evaluation.scores import SETTINGS
from flowcolor.io.earlier import content_of, read_earlier, something_else
from flowcolor.io.files import exists, is_file

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
    if exists(table):
        head = read_earlier(table).partition(b"\n")[0]
        if not all(column in head for column in _COLUMNS):
            raise something_else(table, option)
    if compares and exists(comparison) and not _is_comparison(comparison):
        raise something_else(comparison, option)
    if not exists(path):
        return None
    found = content_of(path)
    about = found.get("about")
    if not isinstance(about, dict) or not isinstance(found.get("pairs"), list):
        raise something_else(path, option)
    return about


def of_earlier(folder: Path, name: Literal["score", "test"]) -> list[Path]:
    """Return the comparison and the pictures of an earlier report, which a new one makes obsolete.

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
    found = [path for picture in pictures if is_file(path := folder / picture)]
    comparison = folder / "comparison.json"
    return [comparison, *found] if _is_comparison(comparison) else found


def names_of_earlier(folder: Path) -> set[str]:
    """Return the names of the pairs of the test whose report stands in a folder; none without one.

    Raises:
        InputError: The report cannot be read.
    """
    path = folder / "test.json"
    pairs = content_of(path).get("pairs") if exists(path) else None
    found = [pair.get("name") for pair in pairs or [] if isinstance(pair, dict)]
    return {name for name in found if isinstance(name, str)}


def _is_comparison(path: Path) -> bool:
    return is_file(path) and "settings" in content_of(path)
