"""What an earlier report has left beside itself, and a new one in its place may not write again."""

from pathlib import Path
from typing import Literal

from flowcolor.evaluation.scores import SETTINGS
from flowcolor.io.files import is_file, remove


def remove_earlier(folder: Path, name: Literal["score", "test"]) -> None:
    """Remove the comparison and the pictures of an earlier report, before a new one is written.

    They would stand beside numbers of another model. Where no report is, or one of both names,
    nobody knows whose they are: they are left.

    Args:
        folder: Where the reports go.
        name: Of both.

    Raises:
        InputError: A file cannot be deleted.
    """
    other = "test" if name == "score" else "score"
    if not is_file(folder / f"{name}.json") or is_file(folder / f"{other}.json"):
        return
    pictures = [f"{kind}-{setting}.png" for kind in ("pairs", "extremes") for setting in SETTINGS]
    for path in (folder / "comparison.json", *(folder / picture for picture in pictures)):
        if is_file(path):
            remove(path)
