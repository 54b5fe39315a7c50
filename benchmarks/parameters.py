"""How many parameters does NCCB(k, n) have, beside what the thesis prints?

``python -m benchmarks.parameters`` builds the six models of the thesis's table without allocating
them, prints the table of ``docs/models.md`` and writes ``benchmarks/results/parameters.json``.
"""

from typing import Any

import torch
from torch import nn

from benchmarks import report
from flowcolor.models import SketchColorFlow, conditional_coupling_block, coupling_block

THESIS = {(2, 1): 0.8, (3, 1): 17.1, (4, 1): 138.3, (2, 8): 1.2, (3, 8): 25.2, (4, 8): 310.0}


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def measure() -> dict[str, Any]:
    # On the meta device a model has shapes but no memory: (4, 8) would need 1.6 GB.
    with torch.device("meta"):
        rows = [
            {
                "downsamplings": k,
                "nccbs": n,
                "parameters": count(SketchColorFlow(downsamplings=k, nccbs=n, ccbs=8)),
                "thesis_millions": thesis,
            }
            for (k, n), thesis in THESIS.items()
        ]
        parts = {
            "coupling_block(192)": count(coupling_block(192)),
            "conditional_coupling_block(192)": count(conditional_coupling_block(192)),
        }
    return {"rows": rows, "parts": parts}


def table(rows: list[dict[str, Any]]) -> str:
    lines = ["| model | ours | thesis | ours / thesis |", "| --- | ---: | ---: | ---: |"]
    for row in rows:
        millions = row["parameters"] / 1e6
        name = f"NCCB({row['downsamplings']},{row['nccbs']})"
        ratio = millions / row["thesis_millions"]
        lines.append(f"| {name} | {millions:.3f} M | {row['thesis_millions']} M | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    options = report.parser(__doc__, "parameters").parse_args()
    result = measure()
    print(table(result["rows"]))
    report.write(options.out, "parameters", result, report.environment(options.device))


if __name__ == "__main__":
    main()
