"""Letters, file names and page names that tell nothing, and the key that tells all."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import numpy as np

from flowcolor.evaluation.study.drafts import Draft
from flowcolor.evaluation.study.key import Key, Kind, Page


@dataclass(frozen=True)
class Layout:
    """A study that is ready to be written.

    Args:
        key: What participants must not see.
        public: What the page shows: ``study``, ``kind``, ``pages`` and how they are shown.
        pictures: PNG files by name.
    """

    key: Key
    public: dict[str, Any]
    pictures: dict[str, bytes]


def lay_out(
    drafts: Sequence[Draft],
    kind: Kind,
    methods: Sequence[str],
    seed: int,
    minimum_seconds: float,
    settings: dict[str, Any],
) -> Layout:
    """Give letters and names to everything, and repeat one page.

    All chance follows from the seed *and* the pictures: who knows the seed, but has not the
    pictures of every method, cannot compute the key.

    Args:
        drafts: The pages, the control page among them.
        kind: Of the study.
        methods: Their names.
        seed: For another assignment of the same pictures.
        minimum_seconds: See :class:`~flowcolor.evaluation.study.key.Key`.
        settings: Further plain values for the page: ``size``, ``layout``, ``seconds``.
    """
    seen = [answer.png for draft in drafts for answer in draft.answers]
    salt = _digest(str(seed), *seen, *(draft.beside or b"" for draft in drafts))
    random = np.random.default_rng(list(bytes.fromhex(salt)))
    counted = [index for index, draft in enumerate(drafts) if draft.role == "pair"]
    repeated = int(random.choice(counted))
    order = [*range(len(drafts)), repeated]
    ids = {int(place): f"p{i + 1:02}" for i, place in enumerate(random.permutation(len(order)))}

    pages: list[Page] = []
    public: list[dict[str, Any]] = []
    pictures: dict[str, bytes] = {}
    for place, index in enumerate(order):
        if place < len(drafts):
            page, shown, files = _page(drafts[index], ids[place], place, salt, random)
            pictures |= files
        else:
            page, shown = _again(pages[index], public[index], ids[place])
        pages.append(page)
        public.append(shown)
    pages.sort(key=lambda page: page.id)
    public.sort(key=lambda page: page["id"])
    # Of what participants see alone: methods that are exchanged in the key keep the study's name.
    shows = {"kind": kind, **settings, "pages": public}
    study = _digest(json.dumps(shows, sort_keys=True))[:16]
    sums = {name: _digest(png) for name, png in sorted(pictures.items())}
    key = Key(study, kind, list(methods), minimum_seconds, pages, sums)
    return Layout(key, {"study": study, **shows}, pictures)


def _page(
    draft: Draft, name: str, offset: int, salt: str, random: np.random.Generator
) -> tuple[Page, dict[str, Any], dict[str, bytes]]:
    """Return a page for the key and for the participants, and its pictures."""
    order = random.permutation(len(draft.answers))
    answers = {ascii_uppercase[i]: draft.answers[index] for i, index in enumerate(order)}
    files = {letter: f"{_digest(salt, name, letter)[:16]}.png" for letter in answers}
    pictures = {files[letter]: answer.png for letter, answer in answers.items()}
    shown: dict[str, Any] = {"id": name, "question": draft.question, "offset": offset}
    shown["pictures"] = files
    if draft.beside is not None:
        shown["input"] = f"{_digest(salt, name, 'input')[:16]}.png"
        pictures[shown["input"]] = draft.beside
    of = {who: [at for at, a in answers.items() if a.who == who] for who in ("truth", "bad")}
    truth, bad = (next(iter(letters), None) for letters in of.values())
    trial = None
    if draft.question == "fool":
        fakes = sorted(set(answers) - {truth})
        shown["trials"] = [sorted([str(truth), fake]) for fake in fakes]
        trial = shown["trials"][offset % len(fakes)]
    letters = {at: answer.method for at, answer in answers.items() if answer.who == "method"}
    page = Page(name, draft.role, draft.question, draft.name, letters, truth, bad, None, trial)
    return page, shown, pictures


def _again(page: Page, shown: dict[str, Any], name: str) -> tuple[Page, dict[str, Any]]:
    """Return a page once more under another name, its pictures in another order."""
    again = Page(
        name, "repeat", page.question, page.name, page.letters, page.truth, page.bad, page.id,
        page.trial,
    )  # fmt: skip
    # Which of two pictures is real is asked of the same two; grades, in the next order.
    offset = shown["offset"] + (page.question != "fool")
    return again, {**shown, "id": name, "offset": offset, "apart": page.id}


def _digest(*parts: str | bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()
