"""Seeded splits into training and held-out photographs."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from pathlib import Path

from flowcolor.arguments import plain_numbers
from flowcolor.bounds import is_number
from flowcolor.data.augmentation.random_streams import SPLITTING, stream
from flowcolor.errors import InputError, first_ten
from flowcolor.io.listing import one_form
from flowcolor.io.streams import read_whole


@plain_numbers
def split_names(
    names: Sequence[str],
    held_out: tuple[int, int] | int | Mapping[str, int] = (4, 3),
    seed: int = 0,
) -> tuple[list[int], list[int]]:
    """Return the positions of training and of held-out photographs, each sorted.

    Args:
        names: Names of all photographs, ``folder/stem`` where there are several folders.
        held_out: How many to hold out: of all, or of each folder by its name, where folders that
            are not named train entirely; two numbers are training to held-out.
        seed: Chooses the permutation.

    Raises:
        InputError: Either side would be empty, a folder does not have as many photographs, or
            what to hold out is something else.
    """
    _require_counts(held_out)
    if isinstance(held_out, tuple | list):
        held_out = max(1, round(len(names) * held_out[1] / sum(held_out)))
    if not isinstance(held_out, Mapping):
        chosen = _draw(list(range(len(names))), int(held_out), "the photographs", seed)
    else:
        chosen = []
        for folder, count in held_out.items():
            start = one_form(folder)
            members = [i for i, name in enumerate(names) if one_form(name).startswith(f"{start}/")]
            if not members:
                known = ", ".join(sorted({name.rpartition("/")[0] for name in names} - {""}))
                there = f"there is {known}" if known else "train is one folder: give a number"
                raise InputError(f"held_out names the folder {folder!r}, but {there}.")
            chosen += _draw(members, int(count), folder, seed)
    training = sorted(set(range(len(names))) - set(chosen))
    if not training or not chosen:
        raise InputError(
            f"A split needs at least one photograph to train and one to hold out, got "
            f"{len(training)} and {len(chosen)} of {len(names)}."
        )
    return training, sorted(set(chosen))


def official_split(
    names: Sequence[str], mapping: str | Path, partition: str | Path
) -> tuple[list[int], list[int], list[int]]:
    """Return the positions of training, validation and test, as CelebA divides its photographs.

    Args:
        names: Numbers of photographs of CelebAMask-HQ.
        mapping: ``CelebA-HQ-to-CelebA-mapping.txt``, part of CelebAMask-HQ: one line of number,
            number and name in CelebA for each photograph.
        partition: CelebA's ``list_eval_partition.txt``: one line of name and 0 (training), 1
            (validation) or 2 (test) for each photograph.

    Raises:
        InputError: A file is missing or damaged, does not know a photograph, or a part is empty.
    """
    originals = {
        words[0].lstrip("0") or "0": _original(words[2])
        for words in _lines(mapping, 3, "IDX ORIG_IDX ORIG_FILE")
    }
    parts = {_original(words[0]): words[1] for words in _lines(partition, 2, "FILE 0|1|2")}
    positions: dict[str, list[int]] = {"0": [], "1": [], "2": []}
    unknown = []
    for position, name in enumerate(names):
        members = positions.get(parts.get(originals.get(name, ""), ""))
        if members is None:
            unknown.append(name)
        else:
            members.append(position)
    if unknown:
        raise InputError(
            f"{mapping} and {partition} do not say where {len(unknown)} of {len(names)} "
            f"photographs belong: {first_ten(unknown)}."
        )
    training, validation, test = positions.values()
    if not (training and validation and test):
        raise InputError(
            f"The official split leaves {len(training)}, {len(validation)} and {len(test)} of "
            f"{len(names)} photographs to train, validate and test; none may be empty."
        )
    return training, validation, test


def _require_counts(held_out: object) -> None:
    counts = [held_out]
    if isinstance(held_out, tuple | list):
        if len(held_out) != 2 or not all(is_number(each) and each > 0 for each in held_out):
            raise InputError(f"held_out expects two numbers above 0, got {tuple(held_out)}.")
        return
    if isinstance(held_out, Mapping):
        counts = list(held_out.values())
    for count in counts:
        if not isinstance(count, Integral) or isinstance(count, bool):
            raise InputError(
                "held_out expects a whole number, one for each folder, or two numbers above 0, "
                f"got {held_out!r}."
            )


def _original(file: str) -> str:
    """Return a file of CelebA without zeros and suffix, in which copies differ."""
    return file.partition(".")[0].lstrip("0")


def _lines(path: str | Path, words: int, layout: str) -> Iterator[list[str]]:
    """Yield the words of each line that is neither empty nor a heading."""
    try:
        text = read_whole(Path(path)).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise InputError(f"{path} should hold lines {layout!r}, got {reason}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        found = line.split()
        if not found or (number == 1 and found[0] == "idx"):
            continue
        if len(found) != words:
            raise InputError(f"Line {number} of {path} should read {layout!r}, got {line!r}.")
        yield found


def _draw(members: list[int], count: int, where: str, seed: int) -> list[int]:
    if not 0 <= count <= len(members):
        raise InputError(f"held_out asks for {count} of {where}, but there are {len(members)}.")
    order = stream(SPLITTING, seed).permutation(len(members))
    return [members[position] for position in order[:count]]
