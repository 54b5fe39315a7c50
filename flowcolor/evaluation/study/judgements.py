"""All that participants said about one question, as an array."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowcolor.evaluation.study.answers import Participant
from flowcolor.evaluation.study.key import QUESTIONS, Key


@dataclass(frozen=True)
class Judgements:
    """The judgements of one question; controls and repeated pages are not among them.

    Args:
        question: ``"geometry"``, ``"color"`` or ``"fool"``.
        methods: :math:`M` names.
        pairs: :math:`I` names of drawings.
        values: :math:`(P, I, M)`: grades of 1 to 5, or 1 where a result was taken for real and 0
            where not; NaN where nobody answered.
    """

    question: str
    methods: list[str]
    pairs: list[str]
    values: NDArray[np.float64]


def judgements(participants: Sequence[Participant], key: Key) -> list[Judgements]:
    """Look all letters up in the key, one table for each question."""
    tables = []
    for question in QUESTIONS[key.kind]:
        pages = [page for page in key.pages if page.role == "pair" and page.question == question]
        values = np.full((len(participants), len(pages), len(key.methods)), np.nan)
        column = {method: index for index, method in enumerate(key.methods)}
        for row, one in enumerate(participants):
            for place, page in enumerate(pages):
                judged = one.judged.get(page.id)
                if judged is None:
                    continue
                for letter, grade in judged.grades.items():
                    values[row, place, column[page.letters[letter]]] = grade
                for letter in set(judged.shown) - {page.truth}:
                    fooled = judged.chosen == letter
                    values[row, place, column[page.letters[letter]]] = fooled
        tables.append(Judgements(question, key.methods, [page.name for page in pages], values))
    return tables
