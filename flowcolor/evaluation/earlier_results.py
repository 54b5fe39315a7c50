"""What an earlier report has left beside itself, and a new one in its place may not write again."""

from pathlib import Path
from typing import Any, Literal

from flowcolor.errors import InputError
from flowcolor.evaluation.scores import SETTINGS
from flowcolor.io.files import exists, is_file
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole


def about_earlier(path: Path, option: str) -> dict[str, Any] | None:
    """Return what an earlier report is about in whose place a new one will stand.

    Args:
        path: Of the new one.
        option: How the command line calls the folder.

    Returns:
        As of a report, or None where there is none.

    Raises:
        InputError: Something else is there.
    """
    if not exists(path):
        return None
    try:
        found = parse_json(read_whole(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError:
        found = None
    about = found.get("about") if isinstance(found, dict) and "pairs" in found else None
    if not isinstance(about, dict):
        raise InputError(
            f"{option} expects a folder without a {path.name} of something else, got "
            f"{path.parent}, whose own would be replaced."
        )
    return about


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
