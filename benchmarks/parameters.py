"""How many parameters does NCCB(k, n) have, beside what the thesis prints?

``python benchmarks/parameters.py`` builds the six models of the thesis's table without allocating
them, prints the table of ``docs/models.md`` and writes ``benchmarks/results/parameters.json``.
"""

import json
import platform
import subprocess
from pathlib import Path

import torch
from torch import nn

import flowcolor
from flowcolor.models import SketchColorFlow, conditional_coupling_block, coupling_block

THESIS = {(2, 1): 0.8, (3, 1): 17.1, (4, 1): 138.3, (2, 8): 1.2, (3, 8): 25.2, (4, 8): 310.0}
RESULTS = Path(__file__).parent / "results" / "parameters.json"


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def measure() -> dict:
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


def table(rows: list[dict]) -> str:
    lines = ["| model | ours | thesis | ours / thesis |", "| --- | ---: | ---: | ---: |"]
    for row in rows:
        millions = row["parameters"] / 1e6
        name = f"NCCB({row['downsamplings']},{row['nccbs']})"
        ratio = millions / row["thesis_millions"]
        lines.append(f"| {name} | {millions:.3f} M | {row['thesis_millions']} M | {ratio:.2f} |")
    return "\n".join(lines)


def environment() -> dict:
    command = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return {
        "commit": commit.stdout.strip(),
        "flowcolor": flowcolor.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def main() -> None:
    result = measure()
    print(table(result["rows"]))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**result, "environment": environment()}, indent=2)
    RESULTS.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
