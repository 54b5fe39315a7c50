"""The export of a survey site, a row for each participant, as files of answers."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowcolor.errors import InputError, first_ten
from flowcolor.evaluation.study.answers import GRADES
from flowcolor.evaluation.study.html import texts
from flowcolor.evaluation.study.key import Key
from flowcolor.io.alone import is_unused
from flowcolor.io.files import exists, is_dir
from flowcolor.io.places import as_path
from flowcolor.io.streams import read_whole
from flowcolor.io.whole_file import write_text
from flowcolor.io.whole_folder import whole_folder

_NUMBER = re.compile(r"participant|^\W*(?:id|序号)\W*$", re.IGNORECASE)
_SECONDS = re.compile(r"seconds|所用时间", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,9}(?:\.\d+)?)\s*(?:s|sec|seconds|秒)?", re.IGNORECASE)


def import_survey(export: Path | str, key: Key, output: Path | str) -> list[Path]:
    """Write ``answers-NUMBER.json`` for each row of an export.

    A column belongs to the item, such as ``p07-A``, that stands in its heading. Its values are a
    grade, the option's words, or both. The heading ``participant``, ``id`` or ``序号`` marks the
    number, otherwise rows are numbered; ``seconds`` or ``所用时间`` the time for all pages.

    Raises:
        InputError: The file is no such export, a value is no answer, or the folder holds
            something.
    """
    export, output = as_path(import_survey, export), as_path(import_survey, output)
    if exists(output) and not (is_dir(output) and is_unused(output)):
        raise InputError(f"--output expects a new or empty folder, got {output}.")
    rows = _rows(export)
    heads = rows[0] if rows else []
    items = _columns(export, heads, key)
    number = next((i for i, head in enumerate(heads) if _NUMBER.search(head)), None)
    time = next((i for i, head in enumerate(heads) if _SECONDS.search(head)), None)
    contents: dict[int, dict[str, Any]] = {}
    for line, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row] + [""] * (len(heads) - len(row))
        if not any(cells):
            continue
        if any(cells[len(heads) :]):  # A comma in a comment: all cells behind would be others'.
            raise InputError(
                f"{export}, line {line}, expects {len(heads)} cells, got {len(cells)}."
            )
        who = _whole(export, line, heads[number], cells[number]) if number is not None else line - 1
        if who in contents:
            raise InputError(f"{export} expects participants that differ, got {who} twice.")
        pages = _pages(export, line, cells, items, key)
        took = _took(export, line, cells[time]) if time is not None else None
        if took is not None:
            for page in pages:  # The site measures the whole.
                page["seconds"] = took / len(pages)
        contents[who] = {"study": key.study, "kind": key.kind, "participant": who, "pages": pages}
    if not contents:
        raise InputError(f"{export} expects a row for each participant, got none.")
    names = [f"answers-{who}.json" for who in contents]
    with whole_folder(output) as work:  # A part of the participants would count as all of them.
        for name, content in zip(names, contents.values(), strict=True):
            write_text(json.dumps(content, indent=1) + "\n", work / name)
    return [output / name for name in names]


def _rows(export: Path) -> list[list[str]]:
    reader = csv.reader(io.StringIO(_text(export), newline=""))
    rows, line = [], 1
    try:
        for row in reader:
            rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{export} expects CSV, got a row that cannot be read from line {line} on ({error}): "
            "a quote may be open there."
        ) from error
    return rows


def _text(path: Path) -> str:
    try:
        content = read_whole(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    for encoding in ("utf-8-sig", "gb18030"):  # What Chinese sites and spreadsheets write.
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path} expects a CSV file in UTF-8 or GB18030, got other bytes.")


def _columns(export: Path, heads: Sequence[str], key: Key) -> dict[str, int]:
    """Return the column of each item; all must be there once, and in a heading of their own."""
    items = []
    for page in key.pages:
        letters = sorted(page.all_letters)
        items += [page.id] if key.kind == "fool" else [f"{page.id}-{at}" for at in letters]
    found = {}
    for item in items:
        pattern = re.compile(rf"(?<![A-Za-z0-9]){item}(?![A-Za-z0-9])")
        columns = [index for index, head in enumerate(heads) if pattern.search(head)]
        if len(columns) == 1:
            found[item] = columns[0]
    times = Counter(found.values())
    missing = [item for item in items if item not in found or times[found[item]] > 1]
    if missing:
        raise InputError(
            f"{export} expects one column for each of {len(items)} items of the study, got none or "
            f"several for {len(missing)}: {first_ten(missing)}."
        )
    return found


def _pages(
    export: Path, line: int, cells: Sequence[str], items: dict[str, int], key: Key
) -> list[dict[str, Any]]:
    """Return what a row answers; what it leaves out is not there."""
    pages: dict[str, dict[str, Any]] = {}
    for item, column in items.items():
        cell = cells[column]
        if not cell:
            continue
        name, _, letter = item.partition("-")
        page = key.page(name)
        if page is not None and page.trial is not None:
            if cell not in page.trial:
                _refuse(export, line, item, " or ".join(page.trial), cell)
            pages[name] = {"page": name, "shown": page.trial, "chosen": cell}
        else:
            entry = pages.setdefault(name, {"page": name, "grades": {}})
            entry["grades"][letter] = _grade(export, line, item, cell)
    return list(pages.values())


def _grade(export: Path, line: int, item: str, cell: str) -> int:
    options = [word["grades"] for word in texts().values()]
    for grade in GRADES:
        words = {str(grade), *(option[grade - 1].lower() for option in options)}
        if cell.lower() in words | {f"{grade} {word}" for word in words}:
            return grade
    return int(_refuse(export, line, item, "a grade from 1 to 5 or its words", cell))


def _took(export: Path, line: int, cell: str) -> float | None:
    if not re.search(r"\d", cell):
        return None
    match = _TIME.fullmatch(cell)
    # The hours of a clock would be seconds, and who took long would be left out as too fast.
    return float(match[1] if match else _refuse(export, line, "the time", "seconds", cell))


def _whole(export: Path, line: int, head: str, cell: str) -> int:
    if not re.fullmatch(r"\d{1,10}", cell):
        _refuse(export, line, head, "a whole number", cell)
    return int(cell)


def _refuse(export: Path, line: int, item: str, wanted: str, cell: str) -> str:
    raise InputError(f"{export}, line {line}, expects {wanted} for {item}, got {cell!r}.")
