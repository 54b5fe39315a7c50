"""Photographs that several folders hold are the same if they lie in the same place."""

from functools import lru_cache
from pathlib import Path

from flowcolor.data.datasets.finder import Finder, Photograph
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import real


def place_of(photograph: Photograph) -> tuple[Path, str] | None:
    """Return the true folder of a photograph and its name there, ``None`` if it is no file.

    Two links to one file are two photographs, as they are in one folder.
    """
    path = photograph.sources().get("photo")
    return None if path is None else (_resolved(path.parent), path.name)


def require_once(finder: Finder) -> None:
    """Refuse a photograph that is found in two folders, as in one and in a subfolder of it.

    It might train under one name and be held out under the other.

    Raises:
        InputError: It names the first ten.
    """
    names: dict[tuple[Path, str], str] = {}
    twice = []
    for name, photograph in zip(finder.names, finder, strict=True):
        place = place_of(photograph)
        if place is not None and names.setdefault(place, name) != name:
            twice.append(f"{names[place]} is {name}")
    if twice:
        raise InputError(
            f"Photographs expect to lie in one folder each, but {len(twice)} of {len(finder)} "
            f"photographs lie in two of the folders: {first_ten(twice)}."
        )


@lru_cache(maxsize=4096)
def _resolved(folder: Path) -> Path:
    return real(folder)
