"""Photographs that several folders hold are the same if they lie in the same place."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from flowcolor.data.datasets.finder import Finder, Photograph
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import real


def places_of(
    photographs: Iterable[tuple[str, Photograph]],
) -> Iterator[tuple[str, tuple[Path, str] | None]]:
    """Yield with each name the true folder and the name there, ``None`` for what is no file.

    Two links to one file are two photographs, as they are in one folder.
    """
    folders: dict[Path, Path] = {}
    for name, photograph in photographs:
        path = photograph.sources().get("photo")
        if path is not None and path.parent not in folders:
            folders[path.parent] = real(path.parent)
        yield name, None if path is None else (folders[path.parent], path.name)


def require_once(finder: Finder) -> None:
    """Refuse a photograph that is found in two folders, as in one and in a subfolder of it.

    It might train under one name and be held out under the other.

    Raises:
        InputError: It names the first ten.
    """
    names: dict[tuple[Path, str], str] = {}
    twice = []
    for name, place in places_of(zip(finder.names, finder, strict=True)):
        if place is not None and names.setdefault(place, name) != name:
            twice.append(f"{names[place]} is {name}")
    if twice:
        raise InputError(
            f"Photographs expect to lie in one folder each, but {len(twice)} of {len(finder)} "
            f"photographs lie in two of the folders: {first_ten(twice)}."
        )
