"""The key of a study: which letter is which method. Participants never see it."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from flowcolor.bounds import is_finite
from flowcolor.errors import InputError
from flowcolor.io.json_text import parse_json
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text

Kind = Literal["grade", "fool"]
Role = Literal["pair", "control", "repeat"]
QUESTIONS: dict[Kind, tuple[str, ...]] = {"grade": ("geometry", "color"), "fool": ("fool",)}
_PAGE = re.compile(r"p\d{2,4}")


@dataclass(frozen=True)
class Page:
    """What is behind the letters of one page.

    Args:
        id: Its name in the answers, which tells nothing.
        role: ``"pair"`` counts; ``"control"`` has a true and a trivially bad picture, ``"repeat"``
            is another page once more: both judge the participant, not the methods.
        question: ``"geometry"``, ``"color"`` or ``"fool"``.
        name: Of the drawing.
        letters: The method of each letter.
        truth: The letter of the true photograph, if it is there.
        bad: The letter of the trivially bad picture, if it is there.
        repeats: The page that this one repeats.
        trial: For ``"fool"``, the two letters that a survey site shows.
    """

    id: str
    role: Role
    question: str
    name: str
    letters: dict[str, str]
    truth: str | None = None
    bad: str | None = None
    repeats: str | None = None
    trial: list[str] | None = None

    @property
    def all_letters(self) -> set[str]:
        """Every letter that an answer may name."""
        return {*self.letters, *filter(None, (self.truth, self.bad))}


@dataclass(frozen=True)
class Key:
    """Everything that a report needs beside the answers.

    Args:
        study: A checksum of what participants see; every answer carries it.
        kind: ``"grade"``: five grades; ``"fool"``: which of two pictures is real.
        methods: In the order of the command line.
        minimum_seconds: Who needs less for a page, in the median, is not counted.
        pages: In no order that a participant sees.
        pictures: SHA-256 of each file of the page.
    """

    study: str
    kind: Kind
    methods: list[str]
    minimum_seconds: float
    pages: list[Page]
    pictures: dict[str, str]

    def page(self, name: object) -> Page | None:
        """Return the page of that name, if there is one."""
        return next((page for page in self.pages if page.id == name), None)


def write_key(key: Key, path: Path) -> None:
    """Write the key as JSON, whole or not at all."""
    write_text(json.dumps(asdict(key), indent=1, ensure_ascii=False) + "\n", path)


def read_key(path: Path) -> Key:
    """Read what :func:`write_key` wrote.

    Raises:
        InputError: The file is missing or something else.
    """
    try:
        content: dict[str, Any] = parse_json(read_whole(path).decode("utf-8-sig"))
        pages = [Page(**page) for page in content.pop("pages")]
        key = Key(pages=pages, **content)
        _check(key)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{path} expects the key.json of `flowcolor study make`, got another file."
        ) from error
    return key


def _check(key: Key) -> None:
    """Raise ``ValueError`` where a file that was edited by hand no longer fits together."""
    whole = key.kind in QUESTIONS and isinstance(key.study, str) and _are_texts(key.methods)
    whole = whole and is_finite(key.minimum_seconds) and key.minimum_seconds >= 0
    methods = set(key.methods)
    for page in key.pages:
        whole = whole and _is_page(page) and page.question in QUESTIONS[key.kind]
        whole = whole and methods.issuperset(page.letters.values())
        whole = whole and (page.role != "repeat" or key.page(page.repeats) is not None)
    if not whole or len({page.id for page in key.pages}) < len(key.pages):
        raise ValueError


def _is_page(page: Page) -> bool:
    """Tell whether all parts are of their types, which a dataclass does not ask for."""
    single = [page.name, *(x for x in (page.truth, page.bad, page.repeats) if x is not None)]
    return (
        bool(_PAGE.fullmatch(page.id))
        and page.role in get_args(Role)
        and isinstance(page.letters, dict)
        and _are_texts([*single, *page.letters.values()])
        and (page.trial is None or (_are_texts(page.trial) and len(page.trial) == 2))
    )


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
