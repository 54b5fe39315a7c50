"""How long does painting take, and how much memory?

Runs ``flowcolor colorize`` as a user would, each time in a process of its own: one drawing, a
folder of drawings, from which the time of each further one follows, and a large page. Drawings are
those of the embedded portraits, enlarged; the model is that of the package. Memory is the largest
resident set of the process, everything included.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import report
from flowcolor.data import open_portraits, write_image
from flowcolor.io.resizing import resize

FURTHER = 8


def paint(sketch: Path, reference: Path, output: Path) -> tuple[float, float]:
    """Return seconds from start to end of the command, and its largest resident set in GiB."""
    words = ["--sketch", sketch, "--reference", reference, "--output", output]
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "flowcolor", "colorize", *map(str, words)],
        stdout=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"flowcolor colorize ended with {process.returncode}.")
    return time.perf_counter() - start, usage.ru_maxrss / 2**20


def measure(side: int, page: tuple[int, int], repeats: int) -> list[list]:
    """Return rows of what, seconds (median) and GiB (largest)."""
    item, other = (open_portraits("embedded", 512)[index] for index in range(2))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_image(other["photo"], folder / "photo.png")
        drawing = resize(item["content"], (side, side)).clamp(0, 1)
        write_image(drawing, folder / "drawing.png")
        for index in range(FURTHER + 1):
            write_image(drawing, folder / "drawings" / f"{index}.png")
        write_image(resize(item["content"], page).clamp(0, 1), folder / "page.png")
        found: dict[str, list[tuple[float, float]]] = {}
        for _ in range(repeats):  # In turn, so that a busy moment does not hit one of them alone.
            for name in ("drawing.png", "drawings", "page.png"):
                output = folder / "painted" / name
                found.setdefault(name, []).append(
                    paint(folder / name, folder / "photo.png", output)
                )
    times = {name: median(seconds for seconds, _ in runs) for name, runs in found.items()}
    memory = {name: max(gib for _, gib in runs) for name, runs in found.items()}
    further = (times["drawings"] - times["drawing.png"]) / FURTHER
    return [
        [f"start to picture, {side}x{side}", times["drawing.png"], memory["drawing.png"]],
        [f"each further one, {side}x{side}", further, memory["drawings"]],
        [f"start to picture, {page[1]}x{page[0]}", times["page.png"], memory["page.png"]],
    ]


def main() -> None:
    parser = report.parser(__doc__, "painting")
    parser.add_argument("--side", type=int, default=512, help="of the drawings (default: 512)")
    parser.add_argument("--page", type=int, nargs=2, default=(3000, 4000), help="height and width")
    parser.add_argument("--repeats", type=int, default=5, help="medians of so many (default: 5)")
    options = parser.parse_args()
    rows = measure(options.side, tuple(options.page), options.repeats)
    print(report.table(["", "s", "GiB"], rows))
    where = report.environment(options.device) | {"repeats": options.repeats}
    report.write(options.out, "painting", {"rows": rows}, where)


if __name__ == "__main__":
    main()
