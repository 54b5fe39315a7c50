"""A comparison as files: JSON with everything, CSV and Markdown."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowcolor import __version__
from flowcolor.evaluation.plain import plain
from flowcolor.experiments.comparison.plan import Comparison
from flowcolor.experiments.comparison.standing import COSTS, Score, Standing
from flowcolor.experiments.comparison.text import as_markdown, heading, title
from flowcolor.io.whole_file import write_together


def write_tables(
    comparison: Comparison, standings: Sequence[Standing], failed: dict[str, str]
) -> list[Path]:
    """Write ``table.json``, ``table.csv`` and ``table.md`` into the comparison's folder.

    Args:
        comparison: What was compared.
        standings: Its tables.
        failed: By method that is in none of them, why.
    """
    paths = [comparison.output / f"table.{suffix}" for suffix in ("json", "csv", "md")]
    content = plain(_plain(comparison, standings, failed))
    pairs = max((table.pairs for table in standings), default=0)
    parts = ["# Methods side by side", *heading(comparison, pairs)]
    parts += [as_markdown(table, comparison.points) for table in standings]
    parts += [f"Not in the tables: {name} ({why})" for name, why in failed.items()]
    texts = [json.dumps(content, indent=1, ensure_ascii=False), _csv(standings), "\n\n".join(parts)]
    write_together({path: f"{text.rstrip()}\n" for path, text in zip(paths, texts, strict=True)})
    return paths


def _plain(
    comparison: Comparison, standings: Sequence[Standing], failed: dict[str, str]
) -> dict[str, Any]:
    tables = [
        {
            "block": table.block,
            "setting": table.setting,
            "title": title(table, comparison.points),
            "pairs": table.pairs,
            "notes": table.notes,
            "not_computed": table.missing,
            "rows": [
                {
                    "method": line.row.label,
                    "kind": line.row.kind,
                    "costs": line.costs,
                    "scores": {name: asdict(score) for name, score in line.scores.items()},
                }
                for line in table.lines
            ],
        }
        for table in standings
    ]
    return {
        "version": __version__,
        "content": comparison.content,
        "size": comparison.size,
        "budget": {"minutes": comparison.budget.minutes, "steps": comparison.budget.steps},
        "seeds": list(comparison.seeds),
        "points": comparison.points,
        "options": list(comparison.shared),
        "methods": {entry.label: str(entry.source) for entry in comparison.entries},
        "failed": failed,
        "tables": tables,
    }


def _csv(standings: Sequence[Standing]) -> str:
    """Return a row for each method and table; each score with its interval from the best."""
    names = list(dict.fromkeys(name for table in standings for name in table.columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [f"{name}{suffix}" for name in names for suffix in ("", "_low", "_high")]
    writer.writerow(["block", "setting", "method", "kind", "pairs", *COSTS, *heads])
    for table in standings:
        for line in table.lines:
            row: list[Any] = [table.block, table.setting, line.row.label, line.row.kind]
            row += [table.pairs, *(line.costs.get(name, "") for name in COSTS)]
            for name in names:
                score = line.scores.get(name)
                row += ["", "", ""] if score is None else _three(score)
            writer.writerow(row)
    return text.getvalue()


def _three(score: Score) -> list[float | str]:
    ends = (end if math.isfinite(end) else "" for end in (score.low, score.high))
    return [score.mean, *ends]
