"""What all benchmarks share: options, tables, and JSON that says where a number comes from."""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import flowcolor
from flowcolor.io.whole_file import write_text

RESULTS = Path(__file__).parent / "results"
PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
MODES = ("none", "checkpoint", "reversible")


def parser(description: str | None, name: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every script; ``name`` is that of its JSON file."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ... (default: cpu)")
    options.add_argument(
        "--out", type=Path, default=RESULTS / f"{name}.json", help="JSON to write or to add to"
    )
    return options


def environment(device: str = "cpu", *packages: str) -> dict[str, Any]:
    """Return versions, commit and machine, and how busy the machine is."""
    result: dict[str, Any] = {
        **_CODE,
        "flowcolor": flowcolor.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": _device(device),
        "threads": torch.get_num_threads(),
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }
    return result | {package: importlib.metadata.version(package) for package in packages}


def write(path: Path, part: str, result: dict[str, Any], where: dict[str, Any]) -> None:
    """Put one part into a JSON file, beside the parts that earlier runs measured."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[part] = {**result, "environment": where}
    write_text(json.dumps(known, indent=1) + "\n", path)


def read(path: Path, part: str) -> dict[str, Any] | None:
    """Return what :func:`write` wrote, or ``None``."""
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return known.get(part)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table; numbers get three significant digits, ``None`` a dash."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def plot(
    series: dict[str, list[tuple[float, float]]],
    across: str,
    up: str,
    name: str,
    folder: Path = PICTURES,
) -> None:
    """Draw one line per series on logarithmic axes and save ``docs/pictures/<name>.png``."""
    from matplotlib.figure import Figure  # Local import: only plots need it.
    from matplotlib.ticker import ScalarFormatter

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for (label, points), marker in zip(series.items(), "osD^v", strict=False):
        axes.plot(*zip(*points, strict=True), marker=marker, label=label)
    axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    ticks = sorted({x for points in series.values() for x, _ in points})
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.grid(alpha=0.3)
    axes.legend(title="memory=", frameon=False)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.png", dpi=130)


def numbers(text: str) -> list[int]:
    """Parse ``"1,2,4"``."""
    return [int(word) for word in text.split(",")]


def words(text: str) -> list[str]:
    """Parse ``"none,reversible"``."""
    return text.split(",")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return (
            f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
        )
    return str(value)


def _device(device: str) -> str:
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    names = [line for line in _cpuinfo() if line.startswith("model name")]
    return (
        f"{names[0].split(':')[1].strip() if names else platform.machine()}, {os.cpu_count()} cores"
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text("utf-8").splitlines() if path.exists() else []


def _git(*arguments: str) -> str:
    root = Path(__file__).parent
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip()


_CODE = {  # Now, because the files may change while a script runs.
    "commit": _git("rev-parse", "--short", "HEAD"),
    "changed_files": len(_git("status", "--porcelain", "--", "flowcolor").splitlines()),
}
