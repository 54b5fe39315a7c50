"""Read what other documents print: ``numbers.yaml``, as plain values that name their source."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("numbers.yaml")


@dataclass(frozen=True)
class Row:
    """One system of a published table.

    Args:
        system: As it is printed.
        ours: Names of our configurations of it, without what follows the first dash.
        printed: Its numbers as they are printed, in the order of the table's measures.
    """

    system: str
    ours: tuple[str, ...]
    printed: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One published table.

    Args:
        name: Of our own.
        title: Of our own.
        source: The document.
        place: Where in it.
        ours: Where our numbers come from: ``compare`` or ``systems``.
        content: What is coloured, drawing or gray.
        apart: A sentence: what keeps its numbers from being compared with others.
        measures: What its columns measure, as in ``fid`` or ``psnr of COCO``.
        here: Which numbers of ours stand beside it.
        rows: The systems.
    """

    name: str
    title: str
    source: str
    place: str
    ours: str
    content: str
    apart: str
    measures: tuple[str, ...]
    here: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Hypothesis:
    """What a document expects: by a measure, a system comes first, or last of all.

    Args:
        says: The sentence.
        measure: By which it can be seen, as in ``fid`` or ``slope of fid``.
        system: That comes first or last.
        first: Whether it is first that it comes.
    """

    says: str
    measure: str
    system: str
    first: bool


def tables() -> list[Table]:
    """Return all published tables.

    Raises:
        ValueError: A row has more or fewer numbers than its table has measures.
    """
    documents = _content()["documents"]
    found = []
    for about in _content()["tables"]:
        known = {**about, "rows": tuple(_row(line, about) for line in about["rows"].splitlines())}
        known["source"] = documents[known.pop("document")]["title"]
        known |= {name: tuple(known[name]) for name in ("measures", "here")}
        found.append(Table(**known))
    return found


def hypotheses() -> list[Hypothesis]:
    """Return what the proposal expects."""
    return [
        Hypothesis(x["says"], x["measure"], x.get("first") or x["last"], "first" in x)
        for x in _content()["hypotheses"]
    ]


def classes() -> dict[str, str]:
    """Return the systems that the proposal compares, each with its class."""
    return dict(_content()["classes"])


def value(printed: str) -> float | None:
    """Return a printed number as it counts.

    Example:
        >>> value("24.41 ± 0.27"), value("17.1m"), value("-")
        (24.41, 17.1, None)
    """
    found = re.match(r"\d+(\.\d+)?", printed)
    return float(found[0]) if found else None


def _row(line: str, about: dict[str, Any]) -> Row:
    system, ours, *printed = (cell.strip() for cell in line.split("|"))
    if len(printed) != len(about["measures"]):
        raise ValueError(f"{about['name']} expects {len(about['measures'])} numbers, got {line}.")
    return Row(system, () if ours == "-" else tuple(ours.split()), tuple(printed))


@cache
def _content() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text("utf-8")))
