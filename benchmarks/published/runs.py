"""Numbers of ours: what `flowcolor compare`, `flowcolor scaling` and `benchmarks.systems` wrote."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.published.numbers import Table
from flowcolor.errors import InputError

#: Where the rows of a published table stand among ours: the first place that a method has.
PLACES = {
    "drawing": (("exemplar", "cross"), ("automatic", "self")),
    "gray": (("automatic", "self"), ("hints", "cross")),
}
_SYSTEMS = {
    "parameters": "parameters M",
    "gmacs of a step": "GMACs of a step",
    "held": "held, none",
    "held reversible": "held, reversible",
}


def read_run(path: Path) -> dict[str, Any]:
    """Read the ``table.json`` of a comparison, without what only its machine knows."""
    found = _read(path, "the table.json of flowcolor compare", "content", "tables", "methods")
    rows = []
    for table in found["tables"]:
        for row in table["rows"]:
            if row["kind"] != "reading":
                source = found["methods"].get(row["method"], "")
                scores = {name: score["mean"] for name, score in row["scores"].items()}
                rows.append(
                    {
                        "method": row["method"],
                        "names": _names(row["method"], source),
                        "place": [table["block"], table["setting"]],
                        "pairs": table["pairs"],
                        "numbers": {**_costs(row["costs"]), **scores},
                    }
                )
    notes = {name: note for table in found["tables"] for name, note in table["notes"].items()}
    about = {name: found[name] for name in ("content", "size", "budget", "seeds")}
    return {**about, "notes": notes, "rows": rows}


def read_scaling(method: str, path: Path) -> dict[str, Any]:
    """Read the ``slopes.json`` of one method."""
    found = _read(path, "the slopes.json of flowcolor scaling", "photographs", "settings")
    known = {name: found[name] for name in ("photographs", "seeds", "settings")}
    return {"method": method, "names": _names(method, ""), **known}


def read_systems(path: Path) -> list[dict[str, Any]]:
    """Read what published sizes cost, which ``python -m benchmarks.systems`` counts."""
    counts = _read(path, "the results of benchmarks.systems", "counts")["counts"]
    return [
        {
            "method": f"{row['system']}, {counts['size']}x{counts['size']}",
            "names": [re.sub(r"[^a-z0-9]", "", row["system"].lower())],
            "numbers": {
                name: row[key] * (1e6 if name == "parameters" else 1)
                for name, key in _SYSTEMS.items()
                if row.get(key) is not None
            },
        }
        for row in counts["rows"]
    ]


def matching(
    table: Table, ours: Sequence[str], runs: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield our rows of one published system, of each run at the place that compares best."""
    for run in runs:
        if run["content"] != table.content:
            continue
        by_method: dict[str, list[dict[str, Any]]] = {}
        for row in run["rows"]:
            if set(ours) & set(row["names"]):
                by_method.setdefault(row["method"], []).append(row)
        for rows in by_method.values():
            best = next(
                (x for p in PLACES[table.content] for x in rows if x["place"] == [*p]), None
            )
            if best is not None:
                yield {**best, "method": f"{best['method']}, {run['size']}x{run['size']}"}


def _names(method: str, source: str) -> list[str]:
    """Return what a method may be known by: the first words of its label and configuration."""
    path = Path(source)
    words = [method, *([path.stem] if path.suffix in {".yaml", ".yml"} else [])]
    found = [re.match(r"[a-z0-9]+", word.lower()) for word in words]
    return sorted({match[0] for match in found if match})


def _costs(costs: dict[str, float]) -> dict[str, float]:
    """Return what a method costs, and seconds of a step where a training was timed."""
    steps, minutes = costs.get("steps"), costs.get("minutes")
    return {**costs, "step": 60 * minutes / steps} if steps and minutes else costs


def _read(path: Path, what: str, *keys: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as {what}: {error}.") from error
    if not isinstance(found, dict) or not set(keys) <= set(found):
        raise InputError(f"{path} expects {what}, got another file.")
    return found
