"""What stands where a report will be written: an earlier one, or something else."""

from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole


def read_earlier(path: Path) -> bytes:
    """Read a file that will be replaced.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return read_whole(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def content_of(path: Path) -> dict[str, Any]:
    """Return what JSON of names says; nothing where a file is something else.

    Raises:
        InputError: It cannot be read.
    """
    text = read_earlier(path)  # An `InputError` is a ValueError, too.
    try:
        found = parse_json(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def something_else(path: Path, option: str) -> InputError:
    """Return what to say of a file that is no report, but has the name of one."""
    return InputError(
        f"{option} expects a folder without a {path.name} of something else, got {path.parent}, "
        "whose own would be replaced."
    )
