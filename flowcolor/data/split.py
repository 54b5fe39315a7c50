"""Seeded splits into training and held-out photographs."""

from collections.abc import Mapping, Sequence

from flowcolor.data.augment import SPLITTING, stream
from flowcolor.errors import InputError


def split_names(
    names: Sequence[str],
    ratio: tuple[int, int] = (4, 3),
    held_out: int | Mapping[str, int] | None = None,
    seed: int = 0,
) -> tuple[list[int], list[int]]:
    """Return the positions of training and of held-out photographs, each sorted.

    Args:
        names: Names of all photographs, ``folder/stem`` where there are several folders.
        ratio: Training to held-out photographs, where ``held_out`` does not say.
        held_out: How many to hold out, of all or by folder; folders not named train entirely.
        seed: Chooses the permutation.

    Raises:
        InputError: Either side would be empty, or a folder does not have as many photographs.
    """
    if held_out is None:
        if min(ratio) <= 0:
            raise InputError(f"split should be two numbers above 0, got {tuple(ratio)}.")
        held_out = max(1, round(len(names) * ratio[1] / sum(ratio)))
    if isinstance(held_out, int):
        chosen = _draw(list(range(len(names))), held_out, "the photographs", seed)
    else:
        chosen = []
        for folder, count in held_out.items():
            members = [i for i, name in enumerate(names) if name.rpartition("/")[0] == folder]
            if not members:
                known = ", ".join(sorted({name.rpartition("/")[0] for name in names} - {""}))
                there = f"there is {known}" if known else "train is one folder: give a number"
                raise InputError(f"held_out names the folder {folder!r}, but {there}.")
            chosen += _draw(members, count, folder, seed)
    training = sorted(set(range(len(names))) - set(chosen))
    if not training or not chosen:
        raise InputError(
            f"A split needs at least one photograph to train and one to hold out, got "
            f"{len(training)} and {len(chosen)} of {len(names)}."
        )
    return training, sorted(chosen)


def _draw(members: list[int], count: int, where: str, seed: int) -> list[int]:
    if not 0 <= count <= len(members):
        raise InputError(f"held_out asks for {count} of {where}, but there are {len(members)}.")
    order = stream(SPLITTING, seed).permutation(len(members))
    return [members[position] for position in order[:count]]
