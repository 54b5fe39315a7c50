"""The pages of a study before letters are given to their pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flowcolor.evaluation.study.key import QUESTIONS, Kind, Role
from flowcolor.evaluation.study.pictures import as_png, bad_answer, read_square
from flowcolor.evaluation.study.sources import Sources

_BESIDE = {"geometry": "sketch", "color": "reference"}  # What a picture is compared with.


@dataclass(frozen=True)
class Answer:
    """One picture that is judged.

    Args:
        who: What made it: a method, the truth, or the trivially bad answer.
        method: Its name, for a method.
        png: The file.
    """

    who: Literal["method", "truth", "bad"]
    method: str
    png: bytes


@dataclass(frozen=True)
class Draft:
    """A page without letters; ``beside`` is the picture that the answers are compared with."""

    role: Role
    question: str
    name: str
    beside: bytes | None
    answers: list[Answer]


def draft_pages(
    sources: Sources, names: Sequence[str], spare: str, kind: Kind, size: int
) -> list[Draft]:
    """Read the pictures of all pages: the pairs, half for each question, and the control page.

    The control page looks like the others, with as many pictures: a trivially bad one and, where
    there is one, the true photograph stand in for methods. It asks for the drawing's lines, to
    which the true photograph is true; its colours are not those of the reference.
    """
    questions = QUESTIONS[kind]
    half = -(-len(names) // len(questions))
    drafts = []
    for index, name in enumerate(names):
        question = questions[index // half]
        answers = [
            Answer("method", method, as_png(read_square(files[name], size)))
            for method, files in sources.methods.items()
        ]
        if kind == "fool":
            answers.append(_truth(sources, name, size))
        drafts.append(
            Draft("pair", question, name, _beside(sources, question, name, size), answers)
        )
    return [*drafts, _control(sources, spare, kind, size)]


def _control(sources: Sources, name: str, kind: Kind, size: int) -> Draft:
    whose = "reference" if "reference" in sources.given else "truth"
    model = read_square(sources.given[whose][name], size)
    answers = [Answer("bad", "", as_png(bad_answer(model)))]
    if "truth" in sources.given:
        answers.append(_truth(sources, name, size))
    if kind == "grade":  # As many pictures as elsewhere, so that the page does not stand out.
        methods = list(sources.methods.items())[: max(0, len(sources.methods) - len(answers))]
        answers += [
            Answer("method", method, as_png(read_square(files[name], size)))
            for method, files in methods
        ]
    question = QUESTIONS[kind][0]
    return Draft("control", question, name, _beside(sources, question, name, size), answers)


def _truth(sources: Sources, name: str, size: int) -> Answer:
    return Answer("truth", "", as_png(read_square(sources.given["truth"][name], size)))


def _beside(sources: Sources, question: str, name: str, size: int) -> bytes | None:
    if question not in _BESIDE:
        return None
    kind = _BESIDE[question]
    return as_png(read_square(sources.given[kind][name], size, sketch=kind == "sketch"))
