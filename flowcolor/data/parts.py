"""Photographs to train, to validate and to test on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from flowcolor.console import warn
from flowcolor.data.datasets.celeba import MAPPING
from flowcolor.data.datasets.once import places_of
from flowcolor.data.datasets.open_portraits import EMBEDDED
from flowcolor.data.datasets.portraits import Portraits
from flowcolor.data.datasets.subsets import Subset
from flowcolor.data.folders import Folders
from flowcolor.data.split import official_split, split_names
from flowcolor.errors import InputError, first_ten
from flowcolor.io.files import is_file

HeldOut = tuple[int, int] | int | dict[str, int] | str


class Parts(NamedTuple):
    """The photographs of each purpose; those that validate and those that test may be the same."""

    train: Subset
    validate: Subset
    test: Subset


def find_parts(
    train: Folders,
    test: Folders | None,
    held_out: HeldOut | None,
    seed: int,
    opened: Callable[[Folders], Portraits],
) -> Parts:
    """Find the photographs of folders and divide them.

    Args:
        train: Where those to train on lie; without ``test``, a part of them is held out.
        test: Where those to validate and test on lie.
        held_out: What is held out of ``train``: see :func:`~flowcolor.data.split.split_names`, or
            CelebA's ``list_eval_partition.txt``. ``None``: training to held-out as 4 to 3, or for
            the embedded portraits the same two for everything.
        seed: Chooses whom to hold out.
        opened: Makes the dataset of folders.

    Raises:
        InputError: The options contradict each other, or the folders cannot be read or divided.
    """
    if train.photos == EMBEDDED:
        _require_folders(train, held_out)
    photos = opened(train)
    everything = _all(photos)
    if test is not None:
        tested = _all(opened(test))
        return Parts(everything, tested, tested)
    if train.photos == EMBEDDED:
        return Parts(everything, everything, everything)
    if isinstance(held_out, str):
        if not is_file(Path(held_out)):
            raise InputError(
                "data.held_out expects a number, one for each folder as {faces: 12}, two as [4, 3],"
                f" or the file list_eval_partition.txt of CelebA, got {held_out!r}."
            )
        one = isinstance(train.photos, str | Path)
        mapping = Path(str(train.photos)) / MAPPING
        if not (one and is_file(mapping)):
            raise InputError(
                f"data.held_out expects a file only where data.train is one folder of "
                f"CelebAMask-HQ, with {MAPPING}, got {held_out} for {train.photos}."
            )
        parts = official_split(photos.names, mapping, held_out)
        return Parts(*(Subset(photos, part) for part in parts))
    chosen = (4, 3) if held_out is None else held_out
    training, rest = split_names(photos.names, chosen, seed)
    tested = Subset(photos, rest)
    return Parts(Subset(photos, training), tested, tested)


def name_trained(parts: Parts) -> None:
    """Say which photographs train and test: scores of them say nothing of other faces."""
    train, test = (
        {place: name for name, place in places_of(part.photographs())}
        for part in (parts.train, parts.test)
    )
    both = [test[place] for place in test if place in train and place is not None]
    if both:
        warn(
            f"data.test expects photographs that do not train, got {len(both)} of "
            f"{len(parts.test)} that do: {first_ten(both)}. Scores of these say nothing of others."
        )


def _all(photos: Portraits) -> Subset:
    return Subset(photos, range(len(photos)))


def _require_folders(train: Folders, held_out: HeldOut | Mapping[str, int] | None) -> None:
    """Refuse what only folders have or need, rather than let it have no effect."""
    no_effect = {
        "held_out": held_out,
        "train.sketches": train.sketches,
        "train.masks": train.masks,
    }
    for name, value in no_effect.items():
        if value is not None:
            raise InputError(
                f"data.{name} expects data.train to be a folder of photographs, got the "
                "embedded portraits: give --data.train FOLDER, or --data.test FOLDER to "
                "evaluate on others."
            )
