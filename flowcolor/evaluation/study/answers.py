"""The answers of participants: read, checked against the key, and left out with a reason."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError
from flowcolor.evaluation.study.key import Key, Page
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole

_LONGEST = 1e9  # Seconds: thirty years.
GRADES = (1, 2, 3, 4, 5)


class UnusableError(ValueError):
    """The answers of one file cannot be counted; the message says why."""


@dataclass(frozen=True)
class Judged:
    """What somebody answered on one page.

    Args:
        seconds: The time that it took.
        grades: By letter, for pages that ask for grades.
        shown: The two letters, for pages that ask which is real.
        chosen: The one that was taken for real.
    """

    seconds: float
    grades: dict[str, int] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    chosen: str = ""


@dataclass(frozen=True)
class Participant:
    """One file of answers.

    Args:
        name: Of the file.
        number: Of the participant.
        judged: By page.
    """

    name: str
    number: int
    judged: dict[str, Judged]


def read_answers(path: Path, key: Key) -> Participant:
    """Read one file.

    Raises:
        InputError: The file cannot be read.
        UnusableError: It holds no answers, those of another study, or what the key does not know.
    """
    try:
        content = parse_json(read_whole(path).decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise UnusableError("is no file of answers") from error
    if not (isinstance(content, dict) and isinstance(content.get("pages"), list)):
        raise UnusableError("is no file of answers")
    if content.get("study") != key.study:
        raise UnusableError(f"answers study {content.get('study')}, not {key.study} of the key")
    number = content.get("participant")
    if isinstance(number, bool) or not isinstance(number, int):
        raise UnusableError("has no number of a participant")
    judged: dict[str, Judged] = {}
    for entry in content["pages"]:
        name, page = _page(entry, key)
        if name in judged:
            raise UnusableError(f"answers page {name} twice")
        judged[name] = _fool(entry, page) if key.kind == "fool" else _grades(entry, page)
    if not judged:
        raise UnusableError("answers no page")
    return Participant(path.name, number, judged)


def _page(entry: Any, key: Key) -> tuple[str, Page]:
    page = key.page(entry.get("page")) if isinstance(entry, dict) else None
    if page is None:
        name = entry.get("page") if isinstance(entry, dict) else entry
        raise UnusableError(f"answers an unknown page {name!r}")
    return page.id, page


def _grades(entry: dict[str, Any], page: Page) -> Judged:
    """Check the grades of a page: every letter once, and no other."""
    grades = entry.get("grades")
    if not isinstance(grades, dict) or not grades:
        raise UnusableError(f"has no grades on page {page.id}")
    unknown = sorted(set(grades) - page.all_letters)
    if unknown:
        raise UnusableError(f"has an unknown letter {unknown[0]!r} on page {page.id}")
    for letter, grade in grades.items():
        if type(grade) is not int or grade not in GRADES:
            raise UnusableError(f"has grade {grade!r} for {letter} on page {page.id}")
    return Judged(_seconds(entry, page), grades=grades)


def _fool(entry: dict[str, Any], page: Page) -> Judged:
    """Check the choice of a page: between the real picture and one other."""
    shown, chosen = entry.get("shown"), entry.get("chosen")
    for letter in [*(shown if isinstance(shown, list) else [None]), chosen]:
        if not isinstance(letter, str) or letter not in page.all_letters:
            raise UnusableError(f"has an unknown letter {letter!r} on page {page.id}")
    if not isinstance(shown, list) or len(set(shown)) != 2 or page.truth not in shown:
        raise UnusableError(f"does not show the real picture and one other on page {page.id}")
    if chosen not in shown:
        raise UnusableError(f"chose {chosen!r}, which page {page.id} did not show")
    return Judged(_seconds(entry, page), shown=tuple(shown), chosen=str(chosen))


def _seconds(entry: dict[str, Any], page: Page) -> float:
    """Return the time of a page; NaN where a survey site did not measure it."""
    seconds = entry.get("seconds")
    if seconds is None:
        return math.nan
    # A limit, because JSON knows infinity and integers that no float can hold.
    plain = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not plain or not 0 <= seconds <= _LONGEST:
        raise UnusableError(f"has {seconds!r} seconds on page {page.id}")
    return float(seconds)
