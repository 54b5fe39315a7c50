"""Simulated participants, and a key that they answer to."""

import json

import numpy as np

from flowcolor.evaluation.study.key import Key, Page

METHODS = ["good", "middling", "weak", "poor"]


def make_key(pairs=6, methods=METHODS, kind="grade"):
    """Return a key: letters in another order on every page, a control, a repetition."""
    pages = []
    letters = "ABCDEFGH"[: len(methods)]
    for index in range(pairs):
        turned = [methods[(index + shift) % len(methods)] for shift in range(len(methods))]
        named = dict(zip(letters, turned, strict=True))
        question = "fool" if kind == "fool" else "geometry" if index < pairs / 2 else "color"
        truth = "X" if kind == "fool" else None
        pages.append(Page(f"p{index + 1:02}", "pair", question, f"face{index}", named, truth))
    first = pages[0]
    question = "fool" if kind == "fool" else "geometry"
    pages.append(Page(f"p{pairs + 1:02}", "control", question, "spare", {}, "A", "B"))
    again = (first.question, first.name, first.letters, first.truth, None, first.id)
    pages.append(Page(f"p{pairs + 2:02}", "repeat", *again))
    return Key("0123456789abcdef", kind, list(methods), 3.0, pages, {})


def answers(key, number, grade_of, seconds=9.0, leave_out=(), **changes):
    """Return a file of answers; ``grade_of(who, page)`` says the grade of a method."""
    pages = []
    for page in key.pages:
        if page.id in leave_out:
            continue
        grades = {letter: int(grade_of(who, page)) for letter, who in page.letters.items()}
        if page.role == "control":
            grades = {page.truth: 5, page.bad: 1}
        pages.append({"page": page.id, "seconds": seconds, "grades": grades})
    content = {"study": key.study, "kind": key.kind, "participant": number, "pages": pages}
    return content | changes


def careful(likes, seed):
    """Return somebody who likes some methods more, with moods that grades are rounded from."""
    random = np.random.default_rng(seed)
    mood = random.normal(0, 0.3)
    moods = {}

    def grade(who, page):
        place = page.repeats or page.id
        if (who, place) not in moods:
            moods[who, place] = random.normal(0, 0.7)
        return np.clip(round(likes[who] + mood + moods[who, place]), 1, 5)

    return grade


def write(folder, *contents):
    paths = []
    for index, content in enumerate(contents):
        paths.append(folder / f"answers-{index}.json")
        text = content if isinstance(content, str) else json.dumps(content)
        paths[-1].write_text(text, "utf-8")
    return paths
