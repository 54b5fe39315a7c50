"""Count the answers of a study."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import Any

from flowcolor import __version__
from flowcolor.arguments import check_list
from flowcolor.console import shown
from flowcolor.evaluation.plain import plain
from flowcolor.evaluation.study.chart import write_chart
from flowcolor.evaluation.study.exclusion import Sample, read_sample, steadiness
from flowcolor.evaluation.study.judgements import judgements
from flowcolor.evaluation.study.key import Key, read_key
from flowcolor.evaluation.study.summary import summarise
from flowcolor.evaluation.study.tables import as_csv, as_markdown
from flowcolor.io.earlier import content_of, something_else
from flowcolor.io.files import exists, is_file, remove
from flowcolor.io.places import as_path
from flowcolor.io.same_file import protect
from flowcolor.io.whole_file import write_together


def report_study(
    answers: Sequence[Path | str], key_path: Path | str, output: Path | str, resamples: int = 9999
) -> str:
    """Write ``report.json``, ``report.csv``, ``report.md`` and ``grades.png``; return the text.

    Args:
        answers: Files of answers.
        key_path: ``key.json`` of the study.
        output: Folder of the files.
        resamples: Of the bootstrap.

    Raises:
        InputError: The key or a file cannot be read, or lies where the report is to be written,
            where something else may lie, too, all answers are of other studies, or the report
            cannot be written.
    """
    import_module("matplotlib")  # Before anything is computed that could not be shown.

    key_path, output = as_path(report_study, key_path), as_path(report_study, output)
    check_list(report_study, answers=answers)
    files = [as_path(report_study, file) for file in answers]
    for name in ("report.json", "report.csv", "report.md", "grades.png"):
        protect(output / name, [key_path, *files])
    _spare_others(output)
    key = read_key(key_path)
    report = count(read_sample(files, key), key, resamples)
    text = as_markdown(report)
    contents = {
        "report.json": json.dumps(plain(report), indent=1, ensure_ascii=False) + "\n",
        "report.csv": as_csv(report),
        "report.md": text,
    }
    again = is_file(output / "report.json")
    write_together({output / name: content for name, content in contents.items()})
    names = list(contents)
    if report["participants"]:
        names.append("grades.png")
        write_chart(report["questions"], output / names[-1])
    elif again:  # A picture of the earlier report would stand beside numbers of another.
        remove(output / "grades.png")
    return "\n".join([text, *(f"wrote {shown(output / name)}" for name in names)])


def _spare_others(output: Path) -> None:
    """Refuse a folder where files of something else have the names of those of a report."""
    names = ("report.json", "report.csv", "report.md")  # In the order in which they are written.
    first = next((output / name for name in names if exists(output / name)), None)
    if first is not None and (first.name != names[0] or "participants" not in content_of(first)):
        raise something_else(first, "--output")


def count(sample: Sample, key: Key, resamples: int = 9999) -> dict[str, Any]:
    """Return the whole report in plain values; what has no value is NaN and has its reason.

    Args:
        sample: Who counts.
        key: Of the study.
        resamples: Of the bootstrap.
    """
    questions: dict[str, Any] = {}
    missing: dict[str, str] = {}
    for table in judgements(sample.participants, key):
        questions[table.question], reasons = summarise(table, resamples)
        missing |= {f"{table.question}, {what}": why for what, why in reasons.items()}
    if not sample.participants:
        missing = {"everything": "no participant counts"}
    return {
        "version": __version__,
        "study": key.study,
        "kind": key.kind,
        "participants": len(sample.participants),
        "partial": sample.partial,
        "copies": sample.copies,
        "excluded": sample.excluded,
        "questions": questions,
        "repeated_page": _repeated(sample, key),
        "not_computed": missing,
    }


def _repeated(sample: Sample, key: Key) -> float | None:
    """Return by how much people differ from themselves, in the mean; ``None`` if nobody tells."""
    found = [
        steadiness(one.judged.get(page.repeats or ""), one.judged[page.id])
        for page in key.pages
        if page.role == "repeat"
        for one in sample.participants
        if page.id in one.judged
    ]
    known = [value for value in found if value is not None]
    return fmean(known) if known else None
