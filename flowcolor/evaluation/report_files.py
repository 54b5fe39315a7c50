"""A report as files: JSON for programs, CSV for tables, and back."""

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowcolor import __version__
from flowcolor.arguments import check_type
from flowcolor.errors import InputError
from flowcolor.evaluation.measures import MEASURES, SET_MEASURES
from flowcolor.evaluation.plain import plain
from flowcolor.evaluation.report import Report
from flowcolor.evaluation.scores import SETTINGS, PairScore
from flowcolor.io.json_text import parse_json
from flowcolor.io.places import as_path
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_together


def write_report(report: Report, folder: str | Path, name: str) -> list[Path]:
    """Write ``NAME.json``, the whole report, and ``NAME.csv``, a row for each pair.

    JSON knows only finite numbers: what is none, as the scores of a result with NaN, is ``null``
    there, and stands as it is in the CSV.
    """
    check_type(write_report, Report, report=report)
    folder = as_path(write_report, folder)
    content = {
        "version": __version__,
        "about": report.about,
        "summary": report.summary,
        "notes": report.notes,
        "not_computed": report.missing,
        "roundtrip": report.roundtrip,
        "pairs": [asdict(score) for score in report.scores],
    }
    paths = [folder / f"{name}.json", folder / f"{name}.csv"]
    text = json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n"
    # It comes last: experiments take it as the sign that nothing is left to do.
    write_together({paths[1]: _csv(report.scores), paths[0]: text})
    return paths


def read_report(path: str | Path) -> Report:
    """Read what :func:`write_report` wrote as JSON.

    Raises:
        InputError: The file is missing or something else.
    """
    path = as_path(read_report, path)
    try:
        content = parse_json(read_whole(path).decode("utf-8-sig"))
        scores = [PairScore(**_numbers(pair)) for pair in content["pairs"]]
        _check(scores, content)
        sets = {
            setting: {name: _number(summary[name]) for name in SET_MEASURES if name in summary}
            for setting, summary in content["summary"].items()
        }
        notes, missing = _of_ours(content["notes"]), _of_ours(content["not_computed"])
        return Report(scores, sets, notes, missing, content["about"])
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    # An OverflowError is of a whole number that no float holds.
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{path} expects the JSON of `flowcolor test` or `flowcolor score`, got another file."
        ) from error


def _check(scores: list[PairScore], content: dict[str, Any]) -> None:
    """Raise ``TypeError`` where a file that was edited by hand has other kinds of values."""
    parts = [content[part] for part in ("summary", "notes", "not_computed", "about")]
    texts = [text for score in scores for text in (score.name, score.reference)]
    texts += [text for part in ("notes", "not_computed") for text in content[part].values()]
    if not all(isinstance(part, dict) for part in [*parts, *(score.checksums for score in scores)]):
        raise TypeError
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    if content["about"].get("content", "drawing") not in ("drawing", "gray"):
        raise TypeError
    if type(content["about"].get("parameters", 0)) is not int:
        raise TypeError
    if any(score.setting not in SETTINGS for score in scores):
        raise TypeError
    if len({(score.setting, score.name) for score in scores}) < len(scores):
        raise TypeError  # As of two files that were laid together: which is meant?
    if any("lines" in x and "lines_control" not in x for x in (score.scores for score in scores)):
        raise TypeError
    if not all(len(score.color) == len(score.reference_color) == 3 for score in scores):
        raise TypeError


def _of_ours(remarks: dict[str, str]) -> dict[str, str]:
    """Leave out what is said of scores that only another version of this library has."""
    return {name: text for name, text in remarks.items() if name in SET_MEASURES | MEASURES}


def _csv(scores: list[PairScore]) -> str:
    names = list(dict.fromkeys(name for score in scores for name in score.scores))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["setting", "name", "reference", *names])
    for score in scores:
        values = [score.scores.get(name, "") for name in names]
        writer.writerow([score.setting, score.name, score.reference, *values])
    return text.getvalue()


def _numbers(pair: dict[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to numbers that are none."""
    scores = {key: _number(value) for key, value in pair["scores"].items()}
    colors = {key: [_number(v) for v in pair[key]] for key in ("color", "reference_color")}
    return {**pair, "scores": scores, **colors}


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
