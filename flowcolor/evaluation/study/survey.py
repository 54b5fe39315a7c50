"""What a survey site needs: a table of questions, and a picture for each."""

import csv
import io
from typing import Any

from flowcolor.evaluation.study.html import texts
from flowcolor.evaluation.study.layout import Layout
from flowcolor.evaluation.study.sheets import sheet

_COLUMNS = ("picture", "question_en", "question_zh", "items", "options_en", "options_zh")


def survey_files(layout: Layout) -> dict[str, bytes]:
    """Return the files by name: ``questions.csv``, and a sheet for each page.

    An item is the name of a page and a letter, ``p07-A``; an export of answers must have a column
    for each, with its item in the heading. The options stand in the order of their grades, so that
    a site that exports the number of the option exports the grade.
    """
    files: dict[str, bytes] = {}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    words = texts(layout.public.get("content", "drawing"))
    for shown in layout.public["pages"]:
        letters = survey_letters(layout, shown)
        name = f"{shown['id']}.png"
        beside = layout.pictures[shown["input"]] if "input" in shown else None
        answers = {letter: layout.pictures[shown["pictures"][letter]] for letter in letters}
        files[name] = sheet(beside, answers)
        fool = shown["question"] == "fool"
        items = [shown["id"]] if fool else [f"{shown['id']}-{letter}" for letter in letters]
        options = [
            letters if fool else [f"{i + 1} {word}" for i, word in enumerate(words[code]["grades"])]
            for code in ("en", "zh")
        ]
        questions = [words[code][shown["question"]] for code in ("en", "zh")]
        writer.writerow([name, *questions, *("|".join(part) for part in [items, *options])])
    # With a mark at its start, which spreadsheets need to read Chinese.
    return {"questions.csv": text.getvalue().encode("utf-8-sig")} | files


def survey_letters(layout: Layout, shown: dict[str, Any]) -> list[str]:
    """Return the letters that a sheet shows: all, or the two of a page's fixed trial."""
    page = layout.key.page(shown["id"])
    trial = page.trial if page else None
    return list(trial) if trial else sorted(shown["pictures"])
