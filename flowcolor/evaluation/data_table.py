"""Several methods on several data sets: a row for each set, a column for each method."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flowcolor.arguments import check_choice, check_list
from flowcolor.errors import InputError
from flowcolor.evaluation.measures import MEASURES
from flowcolor.evaluation.report import ANSWERS
from flowcolor.evaluation.report_files import read_report
from flowcolor.evaluation.scores import PairScore, Setting

SCORES = ("psnr", "ssim")
Cells = dict[str, dict[str, dict[str, float]]]  # By data set, method and score.


def data_table(files: Sequence[str | Path], setting: Setting = "cross") -> str:
    """Return PSNR and SSIM of reports as a Markdown table.

    The last columns are the trivial answers on the same data: the content itself, and the content
    tinted by its reference. Means over pairs; no number of one data set may be set against one of
    another, for some are harder.

    Args:
        files: The JSON of tests and scores.
        setting: Which kind of reference.

    Raises:
        ValueError: An argument is none of those above.
        InputError: A file is no report or lacks the setting, two are of one method on one data set,
            or of two data sets with one name, or one coloured drawings and another grey
            photographs.
    """
    cells: Cells = {}
    contents: dict[str, Path] = {}
    firsts: dict[str, tuple[Path, list[PairScore]]] = {}
    check_list(data_table, files=files)
    check_choice(data_table, setting=(setting, Setting))
    for file in map(Path, files):
        report = read_report(file)
        if setting not in report.summary:
            raise InputError(f"{file} expects scores in the setting {setting}, got none.")
        contents[report.about.get("content", "drawing")] = file
        data, method = data_of(report.about, file), method_of(report.about, file)
        first, pairs = firsts.setdefault(data, (file, report.of(setting)))
        if _pixels(pairs) != _pixels(report.of(setting)):
            raise InputError(
                f"A row expects the same pairs in all its reports, got others in {first} and "
                f"{file}, which both call theirs {data}: give their folders names that differ."
            )
        row = cells.setdefault(data, {})
        if method in row:
            raise InputError(f"{file} is a second report of {method} on {data}: expected one.")
        summary = report.summary[setting]
        lacking = [name + suffix for name in SCORES for suffix in ANSWERS]
        lacking = [name for name in lacking if name not in summary]
        if lacking:
            raise InputError(f"{file} expects {', '.join(SCORES)}, got none of {lacking[0]}.")
        row[method] = {name: summary[name] for name in SCORES}
        for suffix, label in ANSWERS.items():
            if suffix:
                row[label] = {name: summary[name + suffix] for name in SCORES}
    if len(contents) > 1:
        raise InputError(
            f"A table expects one kind of content, got {' and '.join(sorted(contents))} "
            f"({', '.join(str(contents[kind]) for kind in sorted(contents))}): these are different "
            "tasks."
        )
    return _markdown(cells)


def data_of(about: Mapping[str, Any], file: Path) -> str:
    """Return the name of the folder of the photographs that were coloured."""
    found = about.get("truth")
    data = about.get("data")
    if found is None and isinstance(data, Mapping):
        found = data.get("test") or data.get("train")
    if isinstance(found, Mapping):
        found = found.get("photos")
    places = found if isinstance(found, list) else [found]
    return ", ".join(Path(str(place)).name for place in places) if found else file.parent.name


def _pixels(pairs: Sequence[PairScore]) -> dict[str, dict[str, str]]:
    return {pair.name: pair.checksums for pair in pairs}


def method_of(about: Mapping[str, Any], file: Path) -> str:
    """Return the name of the model, or that of the folder of the results."""
    found = about.get("model") or about.get("result")
    return Path(str(found)).name if found else file.parent.name


def _markdown(cells: Cells) -> str:
    trivial = [label for suffix, label in ANSWERS.items() if suffix]
    methods = list(dict.fromkeys(name for row in cells.values() for name in row))
    columns = [*(name for name in methods if name not in trivial), *trivial]
    heads = [f"{name}, {MEASURES[score].label}" for name in columns for score in SCORES]
    lines = [["data", *heads], ["---", *["---:"] * len(heads)]]
    for data, row in cells.items():
        values = [
            MEASURES[score].text(row[name][score]) if name in row else "-"
            for name in columns
            for score in SCORES
        ]
        lines.append([data, *values])
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """Keep the name of a folder from ending its cell."""
    return " ".join(text.replace("|", "\\|").split())
