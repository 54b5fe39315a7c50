"""Who is not counted, and why: decided by rules that were fixed before anybody answered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from flowcolor.errors import InputError
from flowcolor.evaluation.study.answers import (
    Judged,
    Participant,
    UnusableError,
    read_answers,
)
from flowcolor.evaluation.study.key import Key

UNSTEADY = 2.0  # Grades. By chance two grades of 1 to 5 differ by 1.6, in the mean.
_SATISFIED = 4


@dataclass(frozen=True)
class Sample:
    """The participants that count.

    Args:
        participants: Each number once.
        excluded: Why a file does not count, by its name.
        partial: How many that count did not answer all pages.
        copies: How many files were copies of another.
    """

    participants: list[Participant]
    excluded: dict[str, str]
    partial: int
    copies: int


def read_sample(paths: Sequence[Path], key: Key) -> Sample:
    """Read all files and leave out those that cannot count.

    Of several files of one number, the one with most pages counts; equal copies are no matter.

    Raises:
        InputError: A file cannot be read, or all are of other studies.
    """
    excluded: dict[str, str] = {}
    read: list[Participant] = []
    for path in sorted(set(paths)):
        try:
            read.append(read_answers(path, key))
        except UnusableError as error:
            excluded[_free(path.name, excluded)] = str(error)
    if excluded and not read and all("answers study" in why for why in excluded.values()):
        raise InputError(
            f"The answers expect the key of their own study, got that of {key.study}; "
            f"{next(iter(excluded))} {next(iter(excluded.values()))}."
        )
    kept: dict[int, Participant] = {}
    copies = 0
    for one in sorted(read, key=lambda one: -len(one.judged)):  # Stable: then by name.
        other = kept.setdefault(one.number, one)
        if other is one:
            continue
        if _same(other, one):
            copies += 1
        else:
            excluded[_free(one.name, excluded)] = f"duplicates the number of {other.name}"
    counted = []
    for one in sorted(kept.values(), key=lambda one: one.number):
        why = reason(one, key)
        if why is None:
            counted.append(one)
        else:
            excluded[_free(one.name, excluded)] = why
    partial = sum(len(one.judged) < len(key.pages) for one in counted)
    return Sample(counted, excluded, partial, copies)


def reason(one: Participant, key: Key) -> str | None:
    """Return why a participant does not count; ``None`` for one that does."""
    seconds = [page.seconds for page in one.judged.values() if not math.isnan(page.seconds)]
    if seconds and median(seconds) < key.minimum_seconds:
        return f"too fast: {median(seconds):.1f} s a page, at least {key.minimum_seconds:g} s"
    for page in key.pages:
        judged = one.judged.get(page.id)
        if judged is None:
            continue
        if page.role == "control" and page.bad is not None:
            if judged.chosen == page.bad:
                return "failed the control: took patches of colour for the photograph"
            bad, true = judged.grades.get(page.bad), judged.grades.get(page.truth or "")
            if bad is not None and bad >= (_SATISFIED if true is None else true):
                beside = "" if true is None else f", the true photograph {true}"
                return f"failed the control: gave patches of colour grade {bad}{beside}"
        if page.role == "repeat":
            distance = steadiness(one.judged.get(page.repeats or ""), judged)
            if distance is not None and distance >= UNSTEADY:
                return f"failed the repeated page: its grades differ by {distance:.1f} in the mean"
    return None


def steadiness(first: Judged | None, again: Judged) -> float | None:
    """Return by how much the grades of a page and of its repetition differ, in the mean."""
    if first is None:
        return None
    both = first.grades.keys() & again.grades.keys()
    return fmean(abs(first.grades[a] - again.grades[a]) for a in both) if both else None


def _same(a: Participant, b: Participant) -> bool:
    # Not ``==``: a time that was not measured is NaN, which is unlike itself.
    return repr(a.judged) == repr(b.judged)


def _free(name: str, taken: dict[str, str]) -> str:
    """Return a name that is not taken: files of two folders may be called alike."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free
